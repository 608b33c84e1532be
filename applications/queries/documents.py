"""Genuineness of receipts."""

from django.utils.crypto import constant_time_compare

from applications.models import Submission


def receipt_is_genuine(number: str, sha256: str) -> bool:
    """Return whether the receipt with this number carries this hash; reveals nothing else."""
    known = Submission.objects.filter(number=number).values_list("sha256", flat=True).first()
    return known is not None and constant_time_compare(known, sha256.strip().lower())
