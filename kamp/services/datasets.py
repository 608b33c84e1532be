"""Data sets: creation, retention, and the purge of files after the last day of keeping."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from kamp.models import Clip, Dataset, Inspection, Recipe, Workspace
from portal.core import text
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import User
from portal.uploads import files

RECIPE_FIELDS = ("kv", "ma", "fps", "mm_per_px", "bit_depth", "codec", "motion")
DATASET_FIELDS = ("name", "process", "purpose", "modality", "licence", "provenance")
KEPT_DAYS, MOST_DAYS = 180, 365 * 3
PURGED_AT_ONCE = 5


def check_member(workspace: Workspace, by: User) -> None:
    """Raise NotFound unless the person is a member: others do not learn that it exists."""
    if not workspace.members.filter(user=by).exists():
        raise NotFound


def keeps_files(dataset: Dataset) -> bool:
    """Return whether the set keeps its files as the database says now."""
    return Dataset.objects.filter(pk=dataset.pk, purged_at=None).exists()


def lock_kept(dataset: Dataset) -> bool:
    """Lock the set in this transaction and return whether it keeps its files.

    Whatever stores something of a set asks first: the purge locks the set as well, so that nothing
    comes back after it.
    """
    return Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk).purged_at is None


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
    """Create a data set with the recipe by which it is taken.

    `data` holds DATASET_FIELDS, RECIPE_FIELDS and `retain_until` (KEPT_DAYS from today if missing).
    Raises NotFound and BadInput (`dataset_taken`, `retention`).
    """
    check_member(workspace, by)
    data = {**data, "name": text.name(str(data["name"]))}
    today = now.astimezone(KST).date()
    until = data.get("retain_until") or today + timedelta(days=KEPT_DAYS)
    _check_retention(until, today)
    recipe = Recipe.objects.create(
        workspace=workspace,
        name=f"{data['name']} 촬영 조건"[:60],
        created_at=now,
        **{name: data[name] for name in RECIPE_FIELDS if data.get(name) is not None},
    )
    taken = BadInput("같은 이름의 자료가 있습니다.", code="dataset_taken")
    try:
        with transaction.atomic():
            # Locked, so that two names that look alike are not added at once.
            Workspace.objects.select_for_update().get(pk=workspace.pk)
            if any(
                text.same(data["name"], name)
                for name in workspace.datasets.values_list("name", flat=True)
            ):
                raise taken
            return Dataset.objects.create(
                workspace=workspace,
                recipe=recipe,
                split_key=split_key or secrets.token_hex(32),
                retain_until=until,
                created_by=by,
                is_synthetic=synthetic_seed is not None,
                generator_seed=synthetic_seed,
                **{name: data[name] for name in DATASET_FIELDS if name in data},
            )
    except IntegrityError as twice:
        raise taken from twice


def change_retention(dataset: Dataset, *, until: date, by: User, now: datetime) -> None:
    """Set another last day of keeping.

    Raises NotFound, BadInput (`retention`) and MoveNotAllowed (`purged`).
    """
    check_member(dataset.workspace, by)
    _check_retention(until, now.astimezone(KST).date())
    kept = Dataset.objects.filter(pk=dataset.pk, purged_at=None)
    if not kept.update(retain_until=until, updated_at=now):
        raise MoveNotAllowed("보관 기한이 지나 파일을 지운 자료입니다.", code="purged")


def purge_due(now: datetime) -> int:
    """Purge sets past their last day of keeping, at most PURGED_AT_ONCE; return how many."""
    today = now.astimezone(KST).date()
    due = Dataset.objects.filter(purged_at=None, retain_until__lt=today).order_by("retain_until")
    rows = list(due[:PURGED_AT_ONCE])
    for dataset in rows:
        purge(dataset, now=now)
    return len(rows)


def purge(dataset: Dataset, *, now: datetime) -> None:
    """Delete films, pictures and measurements of a set; labels, hashes and verdicts stay."""
    with transaction.atomic():
        # First: what is being stored is stored before its name is read, or not at all.
        if not Dataset.objects.filter(pk=dataset.pk, purged_at=None).update(purged_at=now):
            return
        clips = Clip.objects.filter(product__dataset=dataset)
        inspections = Inspection.objects.filter(clip__in=clips.values("pk"))
        names = [name for stored in clips.values_list("files", flat=True) for name in stored]
        names += list(clips.exclude(pictures="").values_list("pictures", flat=True))
        names += list(inspections.exclude(pictures="").values_list("pictures", flat=True))
        inspections.update(pictures="", shown=[])
        clips.update(files=[], pictures="", shown=[], vector=None, thumb=None)
        for name in names:
            files.discard_on_commit(name)


def _check_retention(until: date, today: date) -> None:
    if not today < until <= today + timedelta(days=MOST_DAYS):
        raise BadInput(
            f"보관 기한은 내일부터 {MOST_DAYS // 365}년 안의 날짜여야 합니다.", code="retention"
        )
