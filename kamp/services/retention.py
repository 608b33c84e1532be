"""Retention: on the day after it ends, a set's files and measurements go; the record stays."""

from datetime import date, datetime

from django.db import transaction

from kamp.models import Clip, Dataset, Inspection
from kamp.services.datasets import as_member, check_retention
from portal.core.clock import KST
from portal.models import User
from portal.uploads import files

AT_ONCE = 5


def extend(dataset: Dataset, *, until: date, by: User, now: datetime) -> None:
    """Set another last day of keeping. Raises NotFound and BadInput (`retention`)."""
    as_member(dataset.workspace, by)
    check_retention(until, now.astimezone(KST).date())
    Dataset.objects.filter(pk=dataset.pk, purged_at=None).update(retain_until=until, updated_at=now)


def purge_due(now: datetime) -> int:
    """Purge the sets whose time is over, a few at a time; returns how many."""
    today = now.astimezone(KST).date()
    due = Dataset.objects.filter(purged_at=None, retain_until__lt=today).order_by("retain_until")
    rows = list(due[:AT_ONCE])
    for dataset in rows:
        purge(dataset, now=now)
    return len(rows)


def purge(dataset: Dataset, *, now: datetime) -> None:
    """Take away films, pictures and measurements of a set; labels, hashes and verdicts stay."""
    with transaction.atomic():
        clips = Clip.objects.filter(product__dataset=dataset)
        inspections = Inspection.objects.filter(clip__in=clips.values("pk"))
        names = [name for kept in clips.values_list("files", flat=True) for name in kept]
        names += list(clips.exclude(pictures="").values_list("pictures", flat=True))
        names += list(inspections.exclude(pictures="").values_list("pictures", flat=True))
        taken = Dataset.objects.filter(pk=dataset.pk, purged_at=None).update(purged_at=now)
        if not taken:
            return
        inspections.update(pictures="", shown=[])
        clips.update(files=[], pictures="", shown=[], vector=None, thumb=None)
        for name in names:
            files.discard_on_commit(name)
