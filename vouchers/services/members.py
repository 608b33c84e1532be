"""Members of a panel: exclusion by two people, bars, restoration, mails."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from vouchers.models import (
    Assignment,
    ExclusionProposal,
    Monitor,
    PanelApplication,
    SupplierTie,
    TieDecision,
)
from vouchers.roles import EDITORS
from vouchers.services.catalogue import standing
from vouchers.states import (
    AssignmentMoves,
    AssignmentState,
    MonitorMoves,
    MonitorState,
    PanelApplicationMoves,
    PanelApplicationState,
    TieStanding,
)


@transaction.atomic
def propose_exclusion(
    application: PanelApplication, *, reason: str, by: User, now: datetime
) -> ExclusionProposal:
    """Propose to exclude a member, or to bar somebody in reserve; a second person decides.

    Raises MoveNotAllowed (`role`, `tied`, `not_released`, `proposed`), BadInput (`reason`).
    """
    _may_exclude(application, by)
    if not reason.strip():
        raise BadInput("제외하려는 사유를 적어 주세요.", code="reason")
    member = Monitor.objects.filter(application=application).first()
    open_member = member is not None and member.state != MonitorState.EXCLUDED
    if not open_member and application.state != PanelApplicationState.RESERVE:
        raise MoveNotAllowed("단원이거나 예비인 사람만 제외를 제안합니다.", code="not_released")
    try:
        with transaction.atomic():
            return ExclusionProposal.objects.create(
                application=application,
                reason=reason.strip()[:300],
                proposed_by=by,
                proposed_at=now,
            )
    except IntegrityError as twice:
        raise MoveNotAllowed("이미 제안되어 확인을 기다립니다.", code="proposed") from twice


@transaction.atomic
def confirm_exclusion(proposal: ExclusionProposal, *, by: User, now: datetime) -> None:
    """Exclude the member or bar the applicant, as another person than the one who proposed it.

    Their flagged ties bar from now on. Raises MoveNotAllowed (`role`, `tied`, `second_person`,
    `decided`).
    """
    application = proposal.application
    _may_exclude(application, by)
    if proposal.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "제안한 사람은 확정할 수 없습니다. 다른 사람이 확인해야 합니다.", code="second_person"
        )
    _decide(proposal, confirmed=True, note="", by=by, now=now)
    for tie in SupplierTie.objects.filter(
        user=application.user_id, ended_at=None, standing=TieStanding.FLAGGED
    ):
        settle_tie(tie, TieStanding.BARS, reason=proposal.reason, by=by, now=now)
    member = Monitor.objects.filter(application=application).select_related("user").first()
    if member is not None:
        exclude(member, reason=proposal.reason, by=by, now=now)
    else:
        _bar(application, reason=proposal.reason, by=by, now=now)


@transaction.atomic
def decline_exclusion(proposal: ExclusionProposal, *, note: str, by: User, now: datetime) -> None:
    """Close a proposal without excluding anybody. Raises MoveNotAllowed, BadInput (`reason`)."""
    _may_exclude(proposal.application, by)
    if not note.strip():
        raise BadInput("제외하지 않는 까닭을 적어 주세요.", code="reason")
    _decide(proposal, confirmed=False, note=note.strip()[:300], by=by, now=now)


def _decide(
    proposal: ExclusionProposal, *, confirmed: bool, note: str, by: User, now: datetime
) -> None:
    changed = ExclusionProposal.objects.filter(pk=proposal.pk, confirmed=None).update(
        confirmed=confirmed, note=note, decided_by=by, decided_at=now
    )
    if not changed:
        raise MoveNotAllowed("이미 처리한 제안입니다.", code="decided")


def settle_tie(
    tie: SupplierTie, judged: TieStanding, *, reason: str, by: User, now: datetime
) -> None:
    """Write a person's decision about a tie, and its record."""
    TieDecision.objects.create(tie=tie, standing=judged, reason=reason[:300], by=by, at=now)
    SupplierTie.objects.filter(pk=tie.pk).update(standing=judged)
    tie.standing = judged


def bar(application: PanelApplication, *, reason: str, by: User, now: datetime) -> PanelApplication:
    """Bar an applicant before the results are released, and notify them of the reason.

    Raises MoveNotAllowed (`role`, `tied`; `second_person` after the release).
    """
    _may_exclude(application, by)
    if application.state in (PanelApplicationState.SELECTED, PanelApplicationState.RESERVE):
        raise MoveNotAllowed(
            "결과를 발표한 뒤에는 한 사람이 제안하고 다른 사람이 확정해야 합니다.",
            code="second_person",
        )
    return _bar(application, reason=reason, by=by, now=now)


@transaction.atomic
def _bar(
    application: PanelApplication, *, reason: str, by: User, now: datetime
) -> PanelApplication:
    row = move(application, PanelApplicationMoves.BAR, by=by, now=now, note=reason)
    key = f"panel-barred:{row.pk}"
    notify_applicant("vouchers/panel_barred", application, reason, key=key, now=now)
    return application


def _may_exclude(application: PanelApplication, by: User) -> None:
    message = "단원을 제외할 권한이 없습니다."
    impartiality.require(by, EDITORS, about=application, message=message)


@transaction.atomic
def exclude(monitor: Monitor, *, reason: str, by: User, now: datetime) -> Monitor:
    """Exclude a member and drop their assignments; their reports stay but leave the averages.

    Staff come here by `confirm_exclusion`. Raises MoveNotAllowed.
    """
    row = move(
        monitor,
        MonitorMoves.EXCLUDE,
        by=by,
        now=now,
        note=reason,
        changes={"excluded_at": now, "exclusion_reason": reason[:300]},
    )
    standing.refresh_of(monitor)
    key = f"panel-excluded:{row.pk}"
    notify_applicant("vouchers/panel_excluded", monitor.application, reason, key=key, now=now)
    drop_all(monitor, reason="단원이 제외되어 배정을 취소했습니다.", by=by, now=now)
    return monitor


@transaction.atomic
def restore(monitor: Monitor, *, reason: str, by: User, now: datetime) -> Monitor:
    """Undo an exclusion; the member's reports count in averages again.

    Raises MoveNotAllowed (`tied`) while a tie to a supplier bars the member, (`second_person`) for
    those who excluded the member.
    """
    last = (
        ExclusionProposal.objects.filter(application=monitor.application_id, confirmed=True)
        .order_by("-pk")
        .first()
    )
    if last is not None and by.pk in (last.proposed_by_id, last.decided_by_id):
        raise MoveNotAllowed(
            "제외한 사람은 취소할 수 없습니다. 다른 사람이 확인해야 합니다.", code="second_person"
        )
    if SupplierTie.objects.filter(
        user=monitor.user_id, ended_at=None, standing=TieStanding.BARS
    ).exists():
        raise MoveNotAllowed("공급기업과의 이해관계가 남아 있습니다.", code="tied")
    move(
        monitor,
        MonitorMoves.RESTORE,
        by=by,
        now=now,
        note=reason,
        changes={"excluded_at": None, "exclusion_reason": ""},
    )
    standing.refresh_of(monitor)
    return monitor


def drop_all(monitor: Monitor, *, reason: str, by: User | None, now: datetime) -> int:
    """Drop the active assignments of a member; return their number."""
    rows = list(Assignment.objects.filter(monitor=monitor, state=AssignmentState.ACTIVE))
    for row in rows:
        move(
            row,
            AssignmentMoves.DROP,
            by=by,
            now=now,
            note=reason,
            owner=True,
            changes={"dropped_at": now},
        )
    return len(rows)


def notify(monitor: Monitor, template: str, *, key: str, now: datetime, **context: Any) -> None:
    outbox.write(
        template, to_email=monitor.user.email, user=monitor.user, key=key, now=now, **context
    )


def notify_applicant(
    template: str, application: PanelApplication, reason: str, *, key: str, now: datetime
) -> None:
    """Queue a mail with a reason to an applicant, member or not. The key must be new."""
    outbox.write(
        template,
        to_email=application.user.email,
        user=application.user,
        key=key,
        new=True,
        now=now,
        application=application,
        round=application.round,
        reason=reason,
    )
