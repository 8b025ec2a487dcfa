"""What is known of a paper without its readers: words, names and an encoder's vectors."""
