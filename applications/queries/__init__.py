"""Reads shared by pages, admin, API, paper and services."""

from applications.queries.dossier import Dossier, missing, preview, read, verdict
from applications.queries.outcome import receipt_is_genuine, result, timeline

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
