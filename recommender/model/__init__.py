"""What is learned and stored: factorisation, graph, blend, and the model on disk."""
