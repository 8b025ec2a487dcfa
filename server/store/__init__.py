"""All SQL: plain functions taking a session, one module a table. See README.md."""
