"""Reads shared by pages, papers and the API."""

from kamp.queries.showcases import facets, filtered, whole, with_rows
from kamp.queries.figures import comparison

__all__ = ["comparison", "facets", "filtered", "whole", "with_rows"]
