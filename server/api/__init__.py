"""HTTP: reads the request, calls one use case, sets status and headers. Knows no SQL. See server/README.md."""
