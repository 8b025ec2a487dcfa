"""Keeps everything of one Inkling running: Valkey, the API, the trainer and the catalogue's sources.

Law: this room starts, watches and ends processes. It knows no rule of the service and reads no database.
"""
