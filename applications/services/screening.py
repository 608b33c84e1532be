"""Eligibility in the hands of staff: checks, requests for more, claimed bonuses."""

from collections.abc import Collection, Iterable
from datetime import datetime, time
from typing import Any

from django.db import transaction

from applications.models import (
    Application,
    BonusClaim,
    Check,
    Supplement,
)
from applications.states import BonusState, CheckDecision, SupplementState
from applications.visibility import WRITERS
from portal import notices
from portal.clock import KST
from portal.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import MoveLogBase, User
from portal.workflow import mark, move
from programs.queries import holidays
from programs.rules import calendar, eligibility
from programs.rules.facts import applies

DUE_HOUR = time(18)  # assumption, as for the rounds (A12)
EXPIRED_AT_ONCE = 500


def take_up(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Begin screening: one check for every condition that concerns this application.

    Judged on the frozen facts and on the day of filing in KST (S16). Raises MoveNotAllowed.
    """
    with transaction.atomic():
        row = move(application, "take_up", by=by, now=now)
        Check.objects.bulk_create(_checks(application))
    return row


def confirm(check: Check, *, by: User, now: datetime, reason: str = "") -> None:
    """Agree with the automatic judgement; one that could not be made counts as not met and then
    needs a reason.

    Raises BadInput (`reason`), MoveNotAllowed.
    """
    if check.met is None and not reason.strip():
        raise BadInput(
            "자동으로 판정하지 못한 요건입니다. 판단한 사유를 적어 주세요.", code="reason"
        )
    _decide(check, CheckDecision.CONFIRMED, reason, by, now)


def confirm_met(application: Application, *, by: User, now: datetime) -> int:
    """Agree with every automatic judgement that says met; returns how many were open."""
    with transaction.atomic():
        pending = application.checks.filter(decision=CheckDecision.PENDING, met=True)
        codes = list(pending.values_list("code", flat=True))
        if codes:
            note = f"충족으로 판정된 요건 {len(codes)}건을 확인했습니다."
            move(application, "check", by=by, now=now, note=note)
            pending.update(decision=CheckDecision.CONFIRMED, decided_by=by, decided_at=now)
    return len(codes)


def overrule(check: Check, *, reason: str, by: User, now: datetime) -> None:
    """Turn the automatic judgement round. Raises BadInput (`reason`), MoveNotAllowed."""
    if not reason.strip():
        raise BadInput("자동 판정을 뒤집으려면 사유가 필요합니다.", code="reason")
    _decide(check, CheckDecision.OVERRULED, reason, by, now)


def due_after(now: datetime, days: int) -> datetime:
    """The instant `days` days on, by the rule of periods; ends at 18:00 KST (assumption)."""
    day = calendar.last_day(now.astimezone(KST).date(), days, holidays())
    return datetime.combine(day, DUE_HOUR, tzinfo=KST)


def ask(
    application: Application,
    *,
    message: str,
    requirements: Collection[str] = (),
    by: User,
    now: datetime,
    due_at: datetime | None = None,
    days: int | None = None,
) -> Supplement:
    """Ask the applicant for more (보완), by `due_at` or after `days` (else the programme's own).

    `requirements` are codes of papers to hand in again. Raises BadInput, MoveNotAllowed.
    """
    labels = _document_labels(application)
    if not message.strip():
        raise BadInput("무엇을 보완해야 하는지 적어 주세요.", code="message")
    if strange := set(requirements) - set(labels):
        raise BadInput(f"없는 제출서류입니다: {', '.join(sorted(strange))}", code="requirement")
    due = due_at or due_after(now, days or application.sub_program.supplement_days)
    if due <= now:
        raise BadInput("보완 기한은 지금보다 뒤여야 합니다.", code="due_at")
    with transaction.atomic():
        waits = SupplementState.OPEN
        move(application, "ask", by=by, now=now, note=message, supplement_state=waits)
        if application.supplements.filter(state=SupplementState.OPEN).exists():
            raise MoveNotAllowed("아직 답을 기다리는 보완 요청이 있습니다.", code="supplement_open")
        supplement = Supplement.objects.create(
            application=application,
            message=message.strip(),
            requirements=list(requirements),
            asked_by=by,
            asked_at=now,
            due_at=due,
        )
        wanted = [labels[code] for code in requirements]
        _tell(
            application,
            "supplement_request",
            f"supplement:{supplement.pk}",
            now,
            supplement=supplement,
            wanted=wanted,
        )
    return supplement


def expire(now: datetime) -> int:
    """Close the requests whose time is over; the application is then judged as filed.

    At the due instant itself it is over. Safe to repeat; returns how many were closed.
    """
    overdue = Supplement.objects.filter(state=SupplementState.OPEN, due_at__lte=now)
    rows = overdue.select_related("application__company", "application__sub_program")
    return sum(_expire(row, now) for row in rows.order_by("due_at", "pk")[:EXPIRED_AT_ONCE])


def qualify(application: Application, *, by: User, now: datetime) -> MoveLogBase:
    """Send on to assessment. Raises RuleBroken with everything still undecided, MoveNotAllowed."""
    with transaction.atomic():
        locked = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
        if findings := unready(locked):
            raise RuleBroken(
                findings, message="아직 정하지 않은 것이 있어 평가로 넘길 수 없습니다."
            )
        return move(application, "qualify", by=by, now=now)


def unready(application: Application) -> list[Finding]:
    """Everything that keeps an application in screening from going on to assessment."""
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
    """Turn the application away as not eligible, and tell the applicant why.

    Raises MoveNotAllowed, also while a request for more is open.
    """
    with transaction.atomic():
        row = move(application, "exclude", by=by, now=now, note=note)
        if application.supplements.filter(state=SupplementState.OPEN).exists():
            raise MoveNotAllowed(
                "보완 기한이 지나지 않아 요건 미충족으로 처리할 수 없습니다.",
                code="supplement_open",
            )
        _tell(application, "ineligible", f"ineligible:{row.pk}", now, reason=note.strip())
    return row


def reinstate(application: Application, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Take an excluded application back into screening, and tell the applicant."""
    with transaction.atomic():
        row = move(application, "reinstate", by=by, now=now, note=note)
        _tell(application, "reinstated", f"reinstated:{row.pk}", now, reason=note.strip())
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
        move(claim.application, "bonus", by=by, now=now, note=note)
        mark(
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
        move(check.application, "check", by=by, now=now, note=note.strip())
        Check.objects.filter(pk=check.pk).update(
            decision=decision, reason=reason.strip(), decided_by=by, decided_at=now
        )
    check.refresh_from_db()


def _advisory_codes(application: Application) -> set[str]:
    """Conditions that only warn."""
    conditions = application.submission.form.content.get("conditions", [])
    return {row.code for row in eligibility.parse(conditions) if not row.blocking}


def _document_labels(application: Application) -> dict[str, str]:
    papers = application.submission.form.content.get("documents", [])
    return {row["code"]: row["label"] for row in papers}


@transaction.atomic
def _expire(supplement: Supplement, now: datetime) -> int:
    still_open = Supplement.objects.filter(pk=supplement.pk, state=SupplementState.OPEN)
    if not mark(still_open, SupplementState.EXPIRED):
        return 0
    application = supplement.application
    if application.state in application.MOVES["overdue"].source:
        over = SupplementState.EXPIRED
        move(application, "overdue", by=None, now=now, supplement_state=over)
        _tell(
            application,
            "supplement_expired",
            f"supplement-expired:{supplement.pk}",
            now,
            supplement=supplement,
        )
    return 1


def _tell(application: Application, template: str, key: str, now: datetime, **words: Any) -> None:
    """Write to everybody who may act for the company, once each."""
    members = application.company.members.filter(role__in=WRITERS).select_related("user")
    for member in members:
        notices.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            application=application,
            **words,
        )
