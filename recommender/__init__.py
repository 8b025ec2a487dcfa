"""Ranks papers: arrays and tables of text in, arrays out."""
