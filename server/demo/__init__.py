"""The demo: a home with invented papers and readers, and a listing page that shows Inkling at work, offline.

Law: everything made here is marked as the demo's, and is only made in a home that holds nothing else.
"""
