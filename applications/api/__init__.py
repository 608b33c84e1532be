"""The API of the applicant: own applications, and the genuineness of a receipt."""

from applications.api.views import Applications, OneApplication, Receipt, Sites, Submit

__all__ = ["Applications", "OneApplication", "Receipt", "Sites", "Submit"]
