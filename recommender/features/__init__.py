"""What is known of a paper without its readers: words, names, an encoder's vectors."""
