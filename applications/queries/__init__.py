"""Reads shared by pages, admin, API, paper and services."""

from applications.queries.application import receipt_is_genuine, result, timeline
from applications.queries.intake.drafting import Dossier, missing, preview, read, verdict

__all__ = [
    "Dossier",
    "missing",
    "preview",
    "read",
    "receipt_is_genuine",
    "result",
    "timeline",
    "verdict",
]
