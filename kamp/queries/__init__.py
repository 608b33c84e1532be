"""Reads shared by pages, papers and the API."""

from kamp.queries.figures import comparison
from kamp.queries.showcases import facets, filtered, whole, with_rows

__all__ = ["comparison", "facets", "filtered", "whole", "with_rows"]
