"""Reads of the programmes."""
