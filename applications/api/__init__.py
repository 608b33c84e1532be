"""API of applicants, receipts and open data."""

from applications.api.application.views import (
    Applications,
    OneApplication,
    Receipt,
    Review,
    Sites,
    Submit,
)
from applications.api.open_data import OpenCatalogue, OpenRows

__all__ = [
    "Applications",
    "OneApplication",
    "OpenCatalogue",
    "OpenRows",
    "Receipt",
    "Review",
    "Sites",
    "Submit",
]
