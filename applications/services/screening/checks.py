"""Staff decisions on eligibility checks and bonus claims."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from applications.models import Application, BonusClaim, Check
from applications.services.application import notify_applicant
from applications.states import ApplicationMoves, BonusState, CheckDecision, SupplementState
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import MoveLogBase, User
from portal.records.workflow import move, set_state
from programs.rules import eligibility
from programs.rules.facts import applies


def take_up(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Start screening: one check for every condition that concerns this application.

    Judged on the frozen facts and on the day of filing in KST (S16). Raises MoveNotAllowed.
    """
    with transaction.atomic():
        row = move(application, ApplicationMoves.TAKE_UP, by=by, now=now)
        Check.objects.bulk_create(_checks(application))
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

    Raises MoveNotAllowed (`none_met`) when there is none.
    """
    with transaction.atomic():
        pending = application.checks.filter(decision=CheckDecision.PENDING, met=True)
        count = pending.count()
        if not count:
            raise MoveNotAllowed("확인할 ‘충족’ 판정이 없습니다.", code="none_met")
        note = f"충족으로 판정된 요건 {count}건을 확인했습니다."
        move(application, ApplicationMoves.CHECK, by=by, now=now, note=note)
        pending.update(decision=CheckDecision.CONFIRMED, decided_by=by, decided_at=now)
    return count


def overrule(check: Check, *, reason: str, by: User, now: datetime) -> None:
    """Reverse the automatic verdict. Raises BadInput (`reason`), MoveNotAllowed."""
    if not reason.strip():
        raise BadInput("자동 판정을 뒤집으려면 사유가 필요합니다.", code="reason")
    _decide(check, CheckDecision.OVERRULED, reason, by, now)


def qualify(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Send on to assessment. Raises RuleBroken with everything undecided, MoveNotAllowed."""
    with transaction.atomic():
        locked = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
        if findings := open_findings(locked):
            raise RuleBroken(
                findings, message="아직 정하지 않은 것이 있어 평가로 넘길 수 없습니다."
            )
        return move(application, ApplicationMoves.QUALIFY, by=by, now=now)


def open_findings(application: Application) -> list[Finding]:
    """Return everything that keeps an application in screening from going on to assessment."""
    advisory = _advisory_codes(application)
    findings = []
    for check in application.checks.order_by("pk"):
        if check.decision == CheckDecision.PENDING:
            findings.append(Finding("check_pending", f"확인 전인 요건: {check.message}"))
        elif not check.final and check.code not in advisory:
            findings.append(Finding("check_failed", f"충족하지 않은 요건: {check.message}"))
    if application.supplements.filter(state=SupplementState.OPEN).exists():
        findings.append(Finding("supplement_open", "답을 기다리는 보완 요청이 있습니다."))
    findings += [
        Finding("bonus_pending", f"확인 전인 가점: {claim.label}")
        for claim in application.bonuses.filter(state=BonusState.CLAIMED).order_by("pk")
    ]
    return findings


def exclude(application: Application, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Reject the application as ineligible and notify the applicant of the reason.

    Raises MoveNotAllowed, also while a supplement request is open (`supplement_open`).
    """
    with transaction.atomic():
        row = move(application, ApplicationMoves.EXCLUDE, by=by, now=now, note=note)
        if application.supplements.filter(state=SupplementState.OPEN).exists():
            raise MoveNotAllowed(
                "보완 기한이 지나지 않아 요건 미충족으로 처리할 수 없습니다.",
                code="supplement_open",
            )
        notify_applicant(
            application,
            "applications/ineligible",
            key=f"ineligible:{row.pk}",
            now=now,
            reason=note.strip(),
        )
    return row


def reinstate(application: Application, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Return an excluded application to screening and notify the applicant. Raises MoveNotAllowed."""
    with transaction.atomic():
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
    note = f"{claim.label}: {state.label}. {reason.strip()}"
    with transaction.atomic():
        move(claim.application, ApplicationMoves.BONUS, by=by, now=now, note=note)
        set_state(
            BonusClaim.objects.filter(pk=claim.pk),
            state,
            reason=reason.strip(),
            decided_by=by,
            decided_at=now,
        )
    claim.refresh_from_db()


def _checks(application: Application) -> Iterable[Check]:
    filed = application.submission
    conditions = eligibility.parse(filed.form.content.get("conditions", []))
    facts = eligibility.read_facts(conditions, filed.content["facts"])
    on = filed.submitted_at.astimezone(KST).date()
    for condition in conditions:
        if applies(condition.when, facts) is False:
            continue
        verdict = eligibility.judge([condition], facts, on=on, final=False)
        met = None if verdict.unknown else not verdict.findings
        yield Check(
            application=application, code=condition.code, message=condition.message, met=met
        )


def _decide(check: Check, decision: CheckDecision, reason: str, by: User, now: datetime) -> None:
    met = bool(check.met) if decision == CheckDecision.CONFIRMED else not check.met
    note = f"{decision.label}({'충족' if met else '미충족'}): {check.message} {reason.strip()}"
    with transaction.atomic():
        move(check.application, ApplicationMoves.CHECK, by=by, now=now, note=note.strip())
        Check.objects.filter(pk=check.pk).update(
            decision=decision, reason=reason.strip(), decided_by=by, decided_at=now
        )
    check.refresh_from_db()


def _advisory_codes(application: Application) -> set[str]:
    conditions = application.submission.form.content.get("conditions", [])
    return {row.code for row in eligibility.parse(conditions) if not row.blocking}
