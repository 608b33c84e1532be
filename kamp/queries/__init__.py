"""Reads shared by pages, papers and the API."""

from kamp.queries.figures import comparison
from kamp.queries.labels import (
    agreement,
    counts,
    latest_decisions,
    latest_normals,
    manifest,
    new_normals,
    open_duplicates,
    truths,
)
from kamp.queries.look import STAGES, look, percent, spread, tally, timeline
from kamp.queries.showcases import facets, filtered, whole, with_rows

__all__ = [
    "STAGES",
    "agreement",
    "comparison",
    "counts",
    "facets",
    "filtered",
    "latest_decisions",
    "latest_normals",
    "look",
    "manifest",
    "new_normals",
    "open_duplicates",
    "percent",
    "spread",
    "tally",
    "timeline",
    "truths",
    "whole",
    "with_rows",
]
