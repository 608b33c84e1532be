"""The library object that the modules of this package register with; `portal.py` publishes it."""

from django import template

library = template.Library()

WORD_JOINER = "\u2060"
"""Forbids a line break between two characters."""
