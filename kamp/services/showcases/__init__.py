"""Showcases: editing and publication, the data file, the one-page PDF."""
