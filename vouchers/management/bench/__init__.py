"""Measurements of the panel: import, search, assignment."""
