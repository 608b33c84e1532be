"""Retention: on the day after it ends, a set's files and measurements go; the record stays."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from kamp.models import Clip, Dataset, Inspection, Recipe, Workspace
from portal.core.clock import KST
from portal.core.errors import BadInput, NotFound
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


KEPT_DAYS, MOST_DAYS = 180, 365 * 3


RECIPE = ("kv", "ma", "fps", "mm_per_px", "bit_depth", "codec", "motion")


SET = ("name", "process", "purpose", "modality", "licence", "provenance")


def as_member(workspace: Workspace, by: User) -> None:
    """Refuse a stranger as if the thing were not there."""
    if not workspace.members.filter(user=by).exists():
        raise NotFound


@transaction.atomic
def create(
    workspace: Workspace,
    *,
    data: Mapping[str, Any],
    by: User,
    now: datetime,
    synthetic_seed: int | None = None,
    split_key: str = "",
) -> Dataset:
    """Open a data set with the recipe it is taken by. Takes the names of SET, RECIPE and
    `retain_until`. Raises BadInput (`dataset_taken`, `retention`).
    """
    as_member(workspace, by)
    today = now.astimezone(KST).date()
    until = data.get("retain_until") or today + timedelta(days=KEPT_DAYS)
    check_retention(until, today)
    recipe = Recipe.objects.create(
        workspace=workspace,
        name=f"{data['name']} 촬영 조건"[:60],
        created_at=now,
        **{name: data[name] for name in RECIPE if data.get(name) is not None},
    )
    try:
        with transaction.atomic():
            return Dataset.objects.create(
                workspace=workspace,
                recipe=recipe,
                split_key=split_key or secrets.token_hex(32),
                retain_until=until,
                created_by=by,
                is_synthetic=synthetic_seed is not None,
                generator_seed=synthetic_seed,
                **{name: data[name] for name in SET if name in data},
            )
    except IntegrityError as taken:
        raise BadInput("같은 이름의 자료가 있습니다.", code="dataset_taken") from taken


def check_retention(until: date, today: date) -> None:
    """Hold the date to the limits. Raises BadInput (`retention`)."""
    if not today < until <= today + timedelta(days=MOST_DAYS):
        raise BadInput(
            f"보관 기한은 내일부터 {MOST_DAYS // 365}년 안의 날짜여야 합니다.", code="retention"
        )
