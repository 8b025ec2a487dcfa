"""The reader's own pages: HTML for people, behind a session's cookie. Knows no SQL, and nothing of `/v1`.

A page is made of what the services return and works without a script; what writes is a form that comes back with 303.
"""
