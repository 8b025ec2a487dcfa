"""The one description of every request and response body, from which /openapi.json is generated.

One module for each resource. Cards and events are read by `server/services/parsing.py`, which follows the same rules
without the cost of a schema.
"""
