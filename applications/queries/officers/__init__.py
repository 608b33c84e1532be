"""Reads about responsible officers."""
