"""Showcases: written by editors or by a firm, reviewed, published by a second person."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction

from kamp.models import (
    Metric,
    Showcase,
    ShowcaseImage,
    ShowcaseStep,
    Testimonial,
    Workspace,
)
from kamp.roles import CURATOR
from kamp.states import ShowcaseMoves
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, NotFound, RuleBroken
from portal.core.versions import earlier_save
from portal.models import User
from portal.records import workflow
from portal.uploads import files

TEXTS = (
    "title",
    "company",
    "company_profile",
    "industry",
    "process",
    "equipment",
    "purpose",
    "data_kind",
    "data_note",
    "label_note",
    "summary",
    "problem",
    "method_before",
    "method_after",
    "experts",
    "event",
    "caveat",
    "source_name",
    "source_url",
)
# Name of the rows -> (model, its columns).
PARTS: Mapping[str, tuple[type[Any], tuple[str, ...]]] = {
    "metrics": (
        Metric,
        (
            "name",
            "definition",
            "unit",
            "before",
            "after",
            "direction",
            "sample_size",
            "origin",
            "note",
        ),
    ),
    "steps": (ShowcaseStep, ("title", "text")),
    "testimonials": (Testimonial, ("speaker_title", "speaker_company", "quote")),
}
MOST_PICTURES = 6
WIDEST = 1600  # pixels
SAVE_AGAIN = (
    "아래에 적으신 내용은 아직 저장하지 않았습니다. 저장된 내용을 ‘우리 사례’에서 확인한 뒤 다시 저장하면"
    " 아래 내용으로 바뀝니다."
)
OWN_WORK = "스스로 쓴 사례는 공개할 수 없습니다. 다른 편집자가 확인하고 공개해야 합니다."
TWO_EDITORS = (
    "기업이 보낸 사례는 편집자 두 사람이 확인해야 공개합니다. "
    "한 사람이 확인하고 다른 사람이 공개해 주세요."
)

Parts = Mapping[str, Sequence[Mapping[str, Any]]]


def belongs_to_firm(showcase: Showcase, by: User) -> bool:
    if showcase.workspace_id is None:
        return False
    return Workspace.objects.filter(pk=showcase.workspace_id, members__user=by).exists()


@transaction.atomic
def create(
    *,
    slug: str,
    data: Mapping[str, Any],
    parts: Parts,
    by: User,
    now: datetime,
    workspace: Workspace | None = None,
) -> Showcase:
    """Create a draft, as an editor or for the `workspace` of a firm as its member.

    Takes the fields TEXTS of `data` and the rows PARTS of `parts`, nothing else. Raises NotFound
    for anybody else, and BadInput (`slug_taken`).
    """
    member = workspace is not None and workspace.members.filter(user=by).exists()
    if not member and (workspace is not None or CURATOR not in roles_of(by)):
        raise NotFound
    try:
        with transaction.atomic():
            showcase = Showcase.objects.create(
                slug=slug, workspace=workspace, edited_by=by, **_pick(data, TEXTS)
            )
    except IntegrityError as taken:
        raise BadInput("같은 주소 이름의 사례가 있습니다.", code="slug_taken") from taken
    _replace_rows(showcase, parts)
    return showcase


@transaction.atomic
def edit(
    showcase: Showcase,
    *,
    data: Mapping[str, Any],
    parts: Parts,
    by: User,
    now: datetime,
    version: str | None = None,
) -> Showcase:
    """Replace the texts and rows of a draft; its editor cannot publish it afterwards.

    `version` is what `version_of` said to the page; None where the page is compared otherwise.
    Raises StaleVersion when somebody saved since, MoveNotAllowed.
    """
    _refuse_saved_since(showcase, version, by)
    workflow.move(
        showcase,
        ShowcaseMoves.EDIT,
        by=by,
        now=now,
        owner=belongs_to_firm(showcase, by),
        changes={**_edited(showcase, by, now), **_pick(data, TEXTS)},
    )
    _replace_rows(showcase, parts)
    return showcase


def version_of(showcase: Showcase) -> str:
    return showcase.updated_at.isoformat()


def _refuse_saved_since(showcase: Showcase, version: str | None, by: User) -> None:
    rows = Showcase.objects.select_for_update(of=("self",)).select_related("edited_by")
    saved = rows.get(pk=showcase.pk)
    if version is None or version == version_of(saved):
        return
    # Editors of the portal stay unnamed to the firm.
    who = saved.edited_by
    other = who.name if belongs_to_firm(showcase, who) else ""
    raise earlier_save(other, saved.updated_at, own=who == by, then=SAVE_AGAIN)


def submit(showcase: Showcase, *, by: User, now: datetime) -> None:
    """Submit a draft for review. Raises RuleBroken with everything that is missing."""
    if found := missing(showcase):
        raise RuleBroken(found)
    workflow.move(
        showcase, ShowcaseMoves.SUBMIT, by=by, now=now, owner=belongs_to_firm(showcase, by)
    )


def give_back(showcase: Showcase, *, note: str, by: User, now: datetime) -> None:
    workflow.move(showcase, ShowcaseMoves.GIVE_BACK, by=by, now=now, note=note)


def check(showcase: Showcase, *, by: User, now: datetime) -> None:
    """Confirm a firm's case as the first of two editors. Raises MoveNotAllowed (`own_words`)."""
    if belongs_to_firm(showcase, by):
        raise MoveNotAllowed(OWN_WORK, code="own_words")
    workflow.move(
        showcase,
        ShowcaseMoves.CHECK,
        by=by,
        now=now,
        where={"edited_by": showcase.edited_by_id},
        changes={"checked_by": by},
    )


def publish(showcase: Showcase, *, by: User, now: datetime) -> None:
    """Publish a case, as an editor who did not write it; a firm's case after another editor's check.

    Raises MoveNotAllowed (`own_words`, `second_editor`).
    """
    if showcase.edited_by_id == by.pk or belongs_to_firm(showcase, by):
        raise MoveNotAllowed(OWN_WORK, code="own_words")
    if showcase.workspace_id is not None and showcase.checked_by_id in (None, by.pk):
        raise MoveNotAllowed(TWO_EDITORS, code="second_editor")
    workflow.move(
        showcase,
        ShowcaseMoves.PUBLISH,
        by=by,
        now=now,
        where={
            "edited_by": showcase.edited_by_id,
            "checked_by": showcase.checked_by_id,
            "edition": showcase.edition,
        },
        changes={
            "published_by": by,
            "published_at": now,
            "edition": showcase.edition + 1,
            "by_one_editor": False,
        },
    )


def withdraw(showcase: Showcase, *, note: str, by: User, now: datetime) -> None:
    workflow.move(
        showcase,
        ShowcaseMoves.WITHDRAW,
        by=by,
        now=now,
        note=note,
        owner=belongs_to_firm(showcase, by),
    )


def reopen(showcase: Showcase, *, by: User, now: datetime) -> None:
    workflow.move(
        showcase,
        ShowcaseMoves.REOPEN,
        by=by,
        now=now,
        changes={"checked_by": None, "published_by": None, "published_at": None},
    )


def missing(showcase: Showcase) -> list[Finding]:
    """List what a case lacks: metric_missing, step_missing, source_missing."""
    found = []
    if not showcase.metrics.exists():
        found.append(Finding("metric_missing", "성과 지표를 하나 이상 적어 주세요."))
    if not showcase.steps.exists():
        found.append(Finding("step_missing", "진행 단계를 하나 이상 적어 주세요."))
    if not showcase.source_name.strip():
        found.append(Finding("source_missing", "값의 출처를 적어 주세요."))
    return found


def add_picture(
    showcase: Showcase, *, upload: "File[bytes]", alt: str, by: User, now: datetime
) -> ShowcaseImage:
    """Store a picture re-encoded, so that nothing but its pixels remains.

    Raises MoveNotAllowed and BadInput (`alt_missing`, `pictures_many` and those of
    `portal.uploads.files.inspect`).
    """
    _check_draft(showcase, by)
    if not alt.strip():
        raise BadInput("그림을 설명하는 대체 글을 적어 주세요.", code="alt_missing")
    if showcase.images.count() >= MOST_PICTURES:
        raise BadInput(f"그림은 {MOST_PICTURES}장까지 올릴 수 있습니다.", code="pictures_many")
    data, (width, height) = reencode(upload)
    with transaction.atomic():
        _record_edit(showcase, by, now)
        return ShowcaseImage.objects.create(
            showcase=showcase,
            order=showcase.images.count(),
            file=files.store_bytes(data),
            sha256=hashlib.sha256(data).hexdigest(),
            width=width,
            height=height,
            alt=alt.strip()[:200],
        )


def remove_picture(picture: ShowcaseImage, *, by: User, now: datetime) -> None:
    _check_draft(picture.showcase, by)
    with transaction.atomic():
        _record_edit(picture.showcase, by, now)
        picture.delete()
    files.discard(picture.file)


def reencode(upload: "File[bytes]") -> tuple[bytes, tuple[int, int]]:
    """Re-encode a picture as PNG, upright and with sides of at most WIDEST pixels.

    Returns the bytes and (width, height). Raises BadInput (`file_…`), Unavailable.
    """
    drawn = files.redraw(upload, allowed=("png", "jpg"), longest=WIDEST, flat=True)
    return drawn.data, (drawn.width, drawn.height)


def _check_draft(showcase: Showcase, by: User) -> None:
    step = ShowcaseMoves.EDIT
    if not workflow.allowed(step, state=showcase.state, by=by, owner=belongs_to_firm(showcase, by)):
        raise MoveNotAllowed("지금은 이 사례를 고칠 수 없습니다.")


def _record_edit(showcase: Showcase, by: User, now: datetime) -> None:
    workflow.move(
        showcase,
        ShowcaseMoves.EDIT,
        by=by,
        now=now,
        owner=belongs_to_firm(showcase, by),
        changes=_edited(showcase, by, now),
    )


def _edited(showcase: Showcase, by: User, now: datetime) -> dict[str, object]:
    """Return what every change of a draft sets: an editor who rewrites a firm's case has checked it."""
    checked = by if showcase.workspace_id and not belongs_to_firm(showcase, by) else None
    return {"edited_by": by, "checked_by": checked, "published_by": None, "updated_at": now}


def _pick(data: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _replace_rows(showcase: Showcase, parts: Parts) -> None:
    for name, rows in parts.items():
        model, columns = PARTS[name]
        model.objects.filter(showcase=showcase).delete()
        model.objects.bulk_create(
            model(showcase=showcase, order=order, **_pick(row, columns))
            for order, row in enumerate(rows)
        )
