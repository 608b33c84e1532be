"""API of applicants, receipts and open data."""

from applications.api.application.views import (
    Applications,
    Files,
    OneApplication,
    OneFile,
    Receipt,
    Review,
    Sites,
    Submit,
)
from applications.api.open_data import OpenCatalogue, OpenRows

__all__ = [
    "Applications",
    "Files",
    "OneApplication",
    "OneFile",
    "OpenCatalogue",
    "OpenRows",
    "Receipt",
    "Review",
    "Sites",
    "Submit",
]
