"""Reads shared by pages, papers and the API."""

from kamp.queries.clips import open_duplicates
from kamp.queries.drift import latest_normals
from kamp.queries.evaluation import STAGES, look, percent, spread
from kamp.queries.inspections import latest_decisions, tally, timeline
from kamp.queries.labelling import agreement, truths
from kamp.queries.showcases import comparison, facets, filtered, whole, with_rows
from kamp.queries.training import counts, manifest, new_normals

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
