"""What is learned and kept on disk: factorisation, neighbours, blend. Knows nothing of lists."""
