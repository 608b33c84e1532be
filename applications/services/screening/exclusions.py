"""Reject an application as ineligible: one person proposes what failed and why, another approves."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from applications.models import Application, Exclusion, ExclusionProposal
from applications.rules.screening import document_labels
from applications.services.application import notify_applicant
from applications.states import (
    ApplicationMoves,
    ApplicationState,
    CheckDecision,
    SupplementState,
)
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import MoveLogBase, User
from portal.records.workflow import move
from programs.queries.calendar import holidays
from programs.roles import MANAGER, OFFICER

OTHER = "other"
NOTE_LENGTH = 300


def failable(application: Application) -> dict[str, str]:
    """Return what an exclusion may name, code and message: checks found unmet, documents, the rest.

    A check that nobody has decided is not named: its verdict is still the machine's.
    """
    rows = application.checks.order_by("pk")
    named = {f"check:{row.code}": row.message for row in rows if row.final is False}
    declared = document_labels(application.submission.form.content)
    named |= {f"document:{code}": f"제출서류: {label}" for code, label in declared.items()}
    return named | {OTHER: "그 밖의 요건(사유에 적음)"}


def failed(application: Application) -> list[str]:
    """Return the codes of the checks that staff have found unmet."""
    rows = application.checks.exclude(decision=CheckDecision.PENDING).order_by("pk")
    return [f"check:{row.code}" for row in rows if not row.final]


def propose(
    application: Application, *, failed: Collection[str], note: str, by: User, now: datetime
) -> ExclusionProposal:
    """Propose to reject the application; `failed` are codes of `failable`, `note` the reason it reads.

    Raises BadInput (`failed`, `reason`), MoveNotAllowed (`role`, `not_screened`, `supplement_open`,
    `exclusion_proposed`), Tied.
    """
    _require(by, application)
    _check(application)
    known = failable(application)
    if not failed or set(failed) - set(known):
        raise BadInput("충족하지 못한 요건을 고르세요.", code="failed")
    if not note.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")
    named = [{"code": code, "message": text} for code, text in known.items() if code in failed]
    try:
        with transaction.atomic():
            return ExclusionProposal.objects.create(
                application=application,
                failed=named,
                reason=note.strip(),
                proposed_by=by,
                proposed_at=now,
            )
    except IntegrityError as there:
        raise MoveNotAllowed(
            "승인을 기다리는 요건 미충족 제안이 이미 있습니다.", code="exclusion_proposed"
        ) from there


def approve(proposal: ExclusionProposal, *, by: User, now: datetime) -> MoveLogBase:
    """Reject the application as another person than the one who proposed it, and tell the firm.

    Raises MoveNotAllowed (`role`, `same_person`, `not_screened`, `supplement_open`,
    `proposal_stale`, `proposal_closed`), Tied.
    """
    _require(by, proposal)
    if proposal.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 승인할 수 없습니다. 다른 사람이 확인해야 합니다.", code="same_person"
        )
    with transaction.atomic():
        application = Application.objects.select_for_update(of=("self",)).get(
            pk=proposal.application_id
        )
        _check(application)
        _check_fresh(application, proposal)
        _end(proposal, approved_by=by, approved_at=now)
        row = move(application, ApplicationMoves.EXCLUDE, by=by, now=now, note=proposal.reason)
        Exclusion.objects.create(
            application=application,
            failed=proposal.failed,
            reason=proposal.reason,
            by=by,
            at=now,
            proposal=proposal,
        )
        notify_applicant(
            application,
            "applications/ineligible",
            key=f"ineligible:{row.pk}",
            now=now,
            reason=proposal.reason,
            failed=proposal.messages,
            objection_due=application.sub_program.due_after("objection_days", now, holidays()),
        )
    return row


def discard(proposal: ExclusionProposal, *, note: str, by: User, now: datetime) -> None:
    """Discard a proposal; screening goes on. Raises BadInput (`reason`), MoveNotAllowed, Tied."""
    _require(by, proposal)
    if not note.strip():
        raise BadInput("제안을 거두는 사유를 적어 주세요.", code="reason")
    _end(proposal, discarded_by=by, discarded_at=now, note=note.strip()[:NOTE_LENGTH])


def _require(by: User, about: Application | ExclusionProposal) -> None:
    impartiality.require(
        by, {OFFICER, MANAGER}, about=about, message="요건 미충족을 처리할 권한이 없습니다."
    )


def _check(application: Application) -> None:
    if application.state != ApplicationState.SCREENING:
        raise MoveNotAllowed(
            "요건검토 중인 신청만 요건 미충족으로 처리할 수 있습니다.", code="not_screened"
        )
    if application.supplements.filter(state=SupplementState.OPEN).exists():
        raise MoveNotAllowed(
            "보완 기한이 지나지 않아 요건 미충족으로 처리할 수 없습니다.", code="supplement_open"
        )


def _check_fresh(application: Application, proposal: ExclusionProposal) -> None:
    """Refuse what rests on a check that was decided otherwise since it was proposed."""
    if {row["code"] for row in proposal.failed} - set(failable(application)):
        raise MoveNotAllowed(
            "제안한 뒤에 요건의 판정이 바뀌었습니다. 이 제안을 거두고 다시 제안해 주세요.",
            code="proposal_stale",
        )


def _end(proposal: ExclusionProposal, **how: Any) -> None:
    rows = ExclusionProposal.objects.filter(pk=proposal.pk, approved_at=None, discarded_at=None)
    if not rows.update(**how):
        raise MoveNotAllowed("이미 끝난 제안입니다.", code="proposal_closed")
    proposal.refresh_from_db()
