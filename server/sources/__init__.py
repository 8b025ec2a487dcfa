"""All outbound HTTP: where papers come from.

Law: this room names other people's addresses and reads their answers; it knows no SQL and no Flask.
"""
