"""All outbound HTTP: where papers come from.

Law: this room knows the addresses of other people's servers and reads their answers; it imports neither SQL nor Flask.
"""
