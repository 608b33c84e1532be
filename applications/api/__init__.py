"""The API of the applicant, the genuineness of a receipt, and open data."""

from applications.api.open_data import OpenCatalogue, OpenRows
from applications.api.views import Applications, OneApplication, Receipt, Sites, Submit

__all__ = [
    "Applications",
    "OneApplication",
    "OpenCatalogue",
    "OpenRows",
    "Receipt",
    "Sites",
    "Submit",
]
