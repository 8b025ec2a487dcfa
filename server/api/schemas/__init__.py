"""What comes in and what goes out: the one description of every body, from which /openapi.json is made.

One module for each resource. Cards and events are read by `server/services/parsing.py`, which follows the same rules
without the cost of a schema.
"""
