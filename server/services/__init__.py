"""Use cases: the rules, each all-or-nothing. No HTTP, no SQL. See server/README.md."""
