"""A home full of invented papers and readers, and a listing page to see Inkling work on, without the internet.

Law: everything made here is marked as the demo's, and none of it is made in a home that holds anything else.
"""
