"""A model and a reader's history to a ranked list with its reasons."""
