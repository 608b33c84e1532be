"""Reads of published reports and their ratings."""
