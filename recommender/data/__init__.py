"""Papers, events and files, and the matrix of who read what. Knows nothing of words or models."""
