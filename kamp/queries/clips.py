"""Clips that training may use, and pairs of clips that show the same picture."""

from django.db.models import QuerySet

from kamp.models import Clip, Dataset, Duplicate
from kamp.states import ClipState


def usable(dataset: Dataset) -> QuerySet[Clip]:
    """Clips that training may use: extracted and not left out."""
    return Clip.objects.filter(
        product__dataset=dataset, state=ClipState.READY, left_out_at=None
    ).exclude(vector=None)


def open_duplicates(dataset: Dataset) -> QuerySet[Duplicate]:
    """Pairs of the same picture of which neither clip is left out."""
    return (
        Duplicate.objects.filter(dataset=dataset, first__left_out_at=None, second__left_out_at=None)
        .select_related("first__product", "second__product")
        .order_by("pk")
    )
