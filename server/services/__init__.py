"""Use cases: the rules, without HTTP or SQL. See server/README.md.

One calling style: a use case takes the `Context` first, then who asks (`caller` or `reader_id`), then what, then `now`;
options go by name. What runs inside somebody else's transaction takes its `session` first instead. The caches that a
context holds take the `Database` they read.
"""
