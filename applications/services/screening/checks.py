"""Staff decisions on eligibility checks and bonus claims."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, BonusClaim, Check
from applications.queries import evidence
from applications.rules import screening as rules
from applications.rules.evidence import plain
from applications.services.application import notify_applicant
from applications.states import (
    ApplicationMoves,
    BonusState,
    CheckDecision,
    ObjectionState,
    SupplementState,
)
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken, StaleVersion
from portal.core.particles import particle
from portal.models import MoveLogBase, User
from portal.records.workflow import move, set_state
from programs.rules.evidence import DIFFERS


def take_up(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Start screening: one check for every condition that concerns this application.

    Judged on the frozen facts and on the day of filing in KST (S16), with what sources say of them
    now. Raises MoveNotAllowed.
    """
    with transaction.atomic():
        row = move(application, ApplicationMoves.TAKE_UP, by=by, now=now)
        Check.objects.bulk_create(_checks(application, now))
    return row


def confirm(check: Check, *, by: User, now: datetime, reason: str = "") -> None:
    """Confirm the automatic verdict; an undecided one counts as unmet and needs a reason.

    Raises BadInput (`reason`), MoveNotAllowed.
    """
    if check.met is None and not reason.strip():
        raise BadInput(
            "자동으로 판정하지 못한 요건입니다. 판단한 사유를 적어 주세요.", code="reason"
        )
    _decide(check, CheckDecision.CONFIRMED, reason, by, now)


def confirm_met(application: Application, *, by: User, now: datetime) -> int:
    """Confirm every pending check whose automatic verdict is met; return their number.

    A fact that a source tells otherwise is looked at by itself. Raises MoveNotAllowed (`none_met`)
    when there is none.
    """
    with transaction.atomic():
        _lock(application)
        pending = _met_and_undenied(application)
        count = pending.update(decision=CheckDecision.CONFIRMED, decided_by=by, decided_at=now)
        if not count:
            raise MoveNotAllowed("확인할 ‘충족’ 판정이 없습니다.", code="none_met")
        note = f"충족으로 판정된 요건 {count}건을 확인했습니다."
        move(application, ApplicationMoves.CHECK, by=by, now=now, note=note)
    return count


def overrule(check: Check, *, reason: str, by: User, now: datetime) -> None:
    """Reverse the automatic verdict. Raises BadInput (`reason`), MoveNotAllowed."""
    if not reason.strip():
        raise BadInput("자동 판정을 변경하려면 사유가 필요합니다.", code="reason")
    _decide(check, CheckDecision.OVERRULED, reason, by, now)


def qualify(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Send on to assessment. Raises RuleBroken with everything undecided, MoveNotAllowed."""
    with transaction.atomic():
        locked = _lock(application)
        if findings := open_findings(locked):
            raise RuleBroken(
                findings, message="아직 정하지 않은 것이 있어 평가로 넘길 수 없습니다."
            )
        return move(application, ApplicationMoves.QUALIFY, by=by, now=now)


def clear(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Confirm what the automatic check found met and send on to assessment, both or neither.

    Raises RuleBroken with everything that stays undecided, MoveNotAllowed.
    """
    with transaction.atomic():
        _lock(application)
        if _met_and_undenied(application).exists():
            confirm_met(application, by=by, now=now)
        return qualify(application, by=by, now=now)


def _lock(application: Application) -> Application:
    """Return the application locked, before its checks as in an act on many."""
    return Application.objects.select_for_update(of=("self",)).get(pk=application.pk)


def open_findings(application: Application) -> list[Finding]:
    """Return everything that keeps an application in screening from going on to assessment."""
    return rules.open_findings(screened(application))


def screened(application: Application) -> rules.Screened:
    """Return what staff have decided about an application so far."""
    form = application.submission.form.content
    claims = sorted(application.bonuses.all(), key=attrgetter("pk"))
    return rules.Screened(
        checks=[
            rules.Check(row.code, row.message, row.met, row.decision)
            for row in sorted(application.checks.all(), key=attrgetter("pk"))
        ],
        advisory=rules.advisory_codes(form.get("conditions", [])),
        supplement_open=any(
            row.state == SupplementState.OPEN for row in application.supplements.all()
        ),
        exclusion_proposed=any(row.open for row in application.exclusion_proposals.all()),
        bonuses_pending=[row.label for row in claims if row.state == BonusState.CLAIMED],
    )


def reinstate(application: Application, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Return an excluded application to screening and notify the applicant.

    Raises MoveNotAllowed, also while an objection waits for its answer (`objection_open`).
    """
    with transaction.atomic():
        if application.objections.filter(state=ObjectionState.FILED).exists():
            raise MoveNotAllowed(
                "심의 중인 이의신청이 있습니다. 이의신청을 인용하거나 기각하세요.",
                code="objection_open",
            )
        row = move(application, ApplicationMoves.REINSTATE, by=by, now=now, note=note)
        notify_applicant(
            application,
            "applications/reinstated",
            key=f"reinstated:{row.pk}",
            now=now,
            reason=note.strip(),
        )
    return row


def decide_bonus(claim: BonusClaim, *, granted: bool, reason: str, by: User, now: datetime) -> None:
    """Grant or refuse a claimed bonus on product and evidence (S9); the industry code only hints.

    Raises BadInput (`reason`), MoveNotAllowed.
    """
    if not reason.strip():
        raise BadInput("품목과 증빙을 보고 판단한 사유를 적어 주세요.", code="reason")
    state = BonusState.GRANTED if granted else BonusState.REFUSED
    note = f"{claim.label}: {BonusState(claim.state).label} → {state.label}. {reason.strip()}"
    with transaction.atomic():
        move(claim.application, ApplicationMoves.BONUS, by=by, now=now, note=note)
        # Only on the decision that the caller saw.
        as_seen = BonusClaim.objects.filter(
            pk=claim.pk, state=claim.state, decided_at=claim.decided_at
        )
        if not set_state(as_seen, state, reason=reason.strip(), decided_by=by, decided_at=now):
            raise _decided_meanwhile(BonusClaim.objects.get(pk=claim.pk))
    claim.refresh_from_db()


def _checks(application: Application, now: datetime) -> Iterable[Check]:
    for row in evidence.of_filed([application.pk], now=now)[application.pk]:
        yield Check(
            application=application,
            code=row.condition.code,
            message=row.condition.message,
            basis=row.condition.basis,
            met=row.met,
            standing=row.standing,
            evidence=[plain(each) for each in row.evidence],
        )


def _met_and_undenied(application: Application) -> QuerySet[Check]:
    rows = application.checks.filter(decision=CheckDecision.PENDING, met=True)
    return rows.exclude(standing=DIFFERS)


def _decide(check: Check, decision: CheckDecision, reason: str, by: User, now: datetime) -> None:
    met = bool(check.met) if decision == CheckDecision.CONFIRMED else not check.met
    note = f"{decision.label}({'충족' if met else '미충족'}): {check.message} {reason.strip()}"
    if check.decision != CheckDecision.PENDING:
        note = f"{CheckDecision(check.decision).label} → {note}"
    with transaction.atomic():
        move(check.application, ApplicationMoves.CHECK, by=by, now=now, note=note.strip())
        as_seen = Check.objects.filter(
            pk=check.pk, decision=check.decision, decided_at=check.decided_at
        )
        if not as_seen.update(
            decision=decision, reason=reason.strip(), decided_by=by, decided_at=now
        ):
            raise _decided_meanwhile(Check.objects.get(pk=check.pk))
    check.refresh_from_db()


def _decided_meanwhile(row: BonusClaim | Check) -> StaleVersion:
    found = row.get_state_display() if isinstance(row, BonusClaim) else row.get_decision_display()
    return StaleVersion(
        f"{row}: {row.decided_by}님이 먼저 ‘{found}’{particle(found, '으로/로')} 정했습니다. 사유: {row.reason or '없음'}."
        " 내용을 확인한 뒤 다시 처리해 주세요."
    )
