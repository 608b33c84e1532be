"""A new draft with the content of an earlier application of the same site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction

from applications.models import Application, Attachment
from applications.queries.intake import copying as copying_queries
from applications.queries.intake.questions import COST, PLAN, section_questions
from applications.rules.intake.questions import parse_answer
from applications.services.intake import drafting, partners
from applications.states import PartnerState
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Closed, MoveNotAllowed
from portal.models import User
from portal.records import snapshot
from portal.uploads import files
from programs.queries import kept


@dataclass(frozen=True)
class Copied:
    """The new draft, and how many files and partners came along."""

    draft: Application
    files: int
    partners: int


def apply_again(earlier: Application, *, by: User, now: datetime) -> Copied:
    """Start a draft with what the form asks again of an earlier application's plan and cost.

    Papers that are known to be good today come along; partners are invited anew with their terms.
    Facts of the firm come from its registration, and statements and consents are given anew. Raises
    Closed, MoveNotAllowed (`draft_open`), AlreadyApplied, BadInput (`letters_today`).
    """
    program = copying_queries.target(earlier, kept.catalogue(), now=now)
    if program is None:
        raise Closed("지금 접수하는 같은 사업이 없습니다.", code="closed")
    if copying_queries.open_draft(earlier, program) is not None:
        raise MoveNotAllowed(
            "이 사업에 작성 중인 신청서가 있습니다. 그 신청서를 이어서 쓰거나 취소한 뒤 복사하세요.",
            code="draft_open",
        )
    with transaction.atomic():
        draft = drafting.start(program, site=earlier.site, by=by, now=now)
        _copy_answers(earlier, draft, by, now)
        return Copied(
            draft, _copy_papers(earlier, draft, by, now), _ask_partners(earlier, draft, by, now)
        )


def _copy_answers(earlier: Application, draft: Application, by: User, now: datetime) -> None:
    codes = {row.code for row in draft.sub_program.tracks.all()}
    if draft.track is None and earlier.track is not None and earlier.track.code in codes:
        drafting.choose_track(draft, code=earlier.track.code, by=by, now=now)
    stored = {row.name: row.data for row in earlier.sections.filter(name__in=[PLAN, COST])}
    for name, data in stored.items():
        kept = _still_asked(draft, name, data)
        if kept:
            drafting.save_section(draft, name=name, data=kept, version=0, by=by, now=now)


def _still_asked(draft: Application, section: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that the form asks for and still accepts."""
    kept = {}
    for question in section_questions(draft, section):
        answer = data.get(question["code"])
        if answer in (None, "", []):
            continue
        try:
            value = parse_answer(question, answer, drafting=True)
        except BadInput:
            continue  # asked differently now: to be answered anew
        kept[question["code"]] = snapshot.to_plain(value)
    return kept


def _copy_papers(earlier: Application, draft: Application, by: User, now: datetime) -> int:
    known = set(draft.sub_program.documents.values_list("code", flat=True))
    count, today = 0, korean_day(now)
    rows = Attachment.objects.filter(
        application=earlier, removed_at=None, issued_on__isnull=False, requirement__in=known
    )
    for row in rows.order_by("pk"):
        if row.valid_until is not None and row.valid_until < today:
            continue
        count += _copy_paper(row, draft, by, now)
    return count


def _copy_paper(row: Attachment, draft: Application, by: User, now: datetime) -> int:
    try:
        with files.open_kept(row.file) as kept, transaction.atomic():
            drafting.attach(
                draft,
                requirement=row.requirement,
                upload=File(kept, name=row.name),
                days=(row.issued_on, row.valid_until),
                by=by,
                now=now,
            )
    except (FileNotFoundError, BadInput, MoveNotAllowed):
        return 0  # not kept, not passed by the scanner or not taken any more: to be given anew
    return 1


def _ask_partners(earlier: Application, draft: Application, by: User, now: datetime) -> int:
    roles = {row["role"] for row in draft.sub_program.partner_roles}
    joined = earlier.partners.filter(state=PartnerState.ACCEPTED, role__in=roles)
    rows = list(joined.select_related("company", "answered_by", "terms").order_by("pk"))
    for row in rows:
        company, terms = row.company, row.terms
        partners.invite(
            draft,
            role=row.role,
            company_name=company.name if company else row.company_name,
            business_number=company.business_number if company else row.business_number,
            email=row.answered_by.email if row.answered_by else row.email,
            part=terms.part if terms else "",
            share_won=terms.share_won if terms else None,
            quote_won=terms.quote_won if terms else None,
            by=by,
            now=now,
        )
    return len(rows)
