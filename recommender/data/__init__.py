"""Tables of papers and events, their files, and the matrix of interactions."""
