"""HTTP: views read the request, call one use case, and set status and headers. No SQL. See server/README.md."""
