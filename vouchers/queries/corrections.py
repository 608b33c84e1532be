"""Corrections."""

from vouchers.models import Correction, Service
from vouchers.visibility import public_corrections


def corrections_of_service(service: Service) -> list[Correction]:
    """The public cases of a service, the newest first."""
    return list(public_corrections().filter(service=service).order_by("-pk"))
