"""Catalogue files: read, checked and loaded into the tables."""
