"""Screening of many applications: each chunk with a constant number of statements."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet

from applications.models import (
    Application,
    ApplicationMove,
    BonusClaim,
    Check,
    ExclusionProposal,
    FormVersion,
    ScoreSheet,
    StaffFlag,
    Submission,
    Supplement,
)
from applications.queries import evidence
from applications.rules import screening as rules
from applications.rules.evidence import Sourced, plain
from applications.services import evidence as evidence_services
from applications.services.application import notify_applicants
from applications.services.screening import supplements
from applications.services.set_acts.batches import Batch, Refusals, refusal
from applications.states import ApplicationMoves, BonusState, CheckDecision, SupplementState
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding
from portal.models import User
from portal.records import bulk
from programs.models import SubProgram
from programs.queries.calendar import holidays

CHECK_COLUMNS = [
    "application_id", "code", "message", "basis", "met", "standing", "evidence", "decision", "reason",
]  # fmt: skip
NONE_PROVABLE = Finding(
    "none_to_confirm",
    "기관 조회나 포털 기록으로 확인된 ‘충족’ 판정이 남아 있지 않습니다. 기업이 스스로 밝힌 사실만으로는"
    " 한꺼번에 확인할 수 없습니다.",
)
NO_REQUEST = Finding("no_supplement", "답을 기다리는 보완 요청이 없습니다.")
OVERDUE = Finding("supplement_expired", "보완 기한이 이미 지났습니다.")
REMINDED = Finding("reminded", "오늘 이미 안내했습니다.")
FOLLOWED = Finding("followed", "그 뒤에 다른 처리가 있어 되돌리지 않았습니다.")
ASSIGNED = Finding("assigned", "평가위원을 배정해 되돌리지 않았습니다.")


def take_up(batch: Batch) -> Refusals:
    """Start screening: judge the conditions of each form by the frozen facts and their sources."""
    refusals: Refusals = {}
    checks: list[tuple[object, ...]] = []
    cases = evidence.cases_of(batch.rows)
    known = evidence.known_of(cases, now=batch.now)
    for case in cases:
        try:
            found = known.judge(case)
        except BadInput as error:
            refusals[case.application] = refusal(error)
            continue
        checks += [(case.application, *_columns(row)) for row in found]
    batch.move(ApplicationMoves.TAKE_UP, batch.without(refusals))
    bulk.insert(Check, CHECK_COLUMNS, checks)
    return refusals


def untake(batch: Batch) -> Refusals:
    """Return to the received ones what nobody has worked on since; its pending checks go."""
    refusals = _followed(batch, ApplicationMoves.TAKE_UP.name)
    back = batch.without(refusals)
    batch.move(ApplicationMoves.PUT_BACK, back)
    Check.objects.filter(application__in=back).delete()
    return refusals


def _columns(row: Sourced) -> tuple[object, ...]:
    """Return the values of `CHECK_COLUMNS` after the first."""
    condition, sources = row.condition, json.dumps([plain(each) for each in row.evidence])
    return (
        condition.code, condition.message, condition.basis, row.met, row.standing, sources,
        CheckDecision.PENDING, "",
    )  # fmt: skip


def confirm(batch: Batch) -> Refusals:
    """Confirm the met verdicts that a source confirms as it stands now, never what a firm states."""
    evidence_services.read_anew(batch.rows, now=batch.now)
    met = Check.objects.filter(
        application__in=batch.rows, decision=CheckDecision.PENDING, met=True
    ).values_list("pk", "application_id", "standing")
    provable = {pk: application for pk, application, standing in met if rules.provable(standing)}
    counts = Counter(provable.values())
    refusals: Refusals = {pk: NONE_PROVABLE for pk in batch.rows if pk not in counts}
    pending = Check.objects.filter(pk__in=provable, decision=CheckDecision.PENDING)
    pending.update(decision=CheckDecision.CONFIRMED, decided_by=batch.by, decided_at=batch.now)
    notes = {pk: f"출처에서 확인된 요건 {count}건 확인." for pk, count in counts.items()}
    batch.move(ApplicationMoves.CHECK, batch.without(refusals), notes=notes)
    return refusals


def unconfirm(batch: Batch) -> Refusals:
    """Open the checks again that the act confirmed and nobody has decided anew."""
    confirmed = _confirmed_by(batch)
    counts = Counter(confirmed.values())
    refusals: Refusals = {pk: FOLLOWED for pk in batch.rows if pk not in counts}
    Check.objects.filter(pk__in=confirmed).update(
        decision=CheckDecision.PENDING, decided_by=None, decided_at=None
    )
    notes = {pk: f"요건 {count}건을 확인 전으로 되돌림." for pk, count in counts.items()}
    batch.move(ApplicationMoves.CHECK, batch.without(refusals), notes=notes)
    return refusals


def qualify(batch: Batch) -> Refusals:
    """Send on to assessment what is clean: every check met by decision, nothing open."""
    refusals: Refusals = {}
    for pk, screened in screened_of(batch.rows).items():
        if findings := [*rules.open_findings(screened), *rules.left_to_people(screened)]:
            words = " ".join(dict.fromkeys(row.message for row in findings))
            refusals[pk] = Finding(findings[0].code, words)
    batch.move(ApplicationMoves.QUALIFY, batch.without(refusals))
    return refusals


def unqualify(batch: Batch) -> Refusals:
    """Return to screening what has no assessor yet and was not worked on since."""
    refusals = _followed(batch, ApplicationMoves.QUALIFY.name)
    judged = ScoreSheet.objects.filter(application__in=batch.rows)
    for pk in judged.values_list("application_id", flat=True):
        refusals[pk] = ASSIGNED
    batch.move(ApplicationMoves.REOPEN, batch.without(refusals))
    return refusals


def check_request(options: Mapping[str, Any], by: User, now: datetime) -> None:
    """Refuse a request that no applicant could be sent, as the single act does."""
    supplements.check(options["message"], options["days"], now=now)


def ask(batch: Batch) -> Refusals:
    """Ask each applicant for the same supplement, and tell them."""
    options = batch.act.options
    message, wanted = options["message"].strip(), options["requirements"]
    waiting = set(_open_supplements(batch.rows).values_list("application_id", flat=True))
    forms, of_form = forms_of(batch.rows), form_ids(batch.rows)
    labels = {pk: rules.document_labels(forms[of_form[pk]]) for pk in batch.rows}
    refusals: Refusals = {}
    for pk in batch.rows:
        found = rules.unknown_documents(labels[pk], wanted) or rules.second_request(pk in waiting)
        if found:
            refusals[pk] = found
    asked = batch.without(refusals)
    due = _due(batch, {batch.rows[pk].sub_program_id for pk in asked}, options["days"])
    batch.move(
        ApplicationMoves.ASK,
        asked,
        notes=dict.fromkeys(asked, message),
        changes={"supplement_state": SupplementState.OPEN},
    )
    made = Supplement.objects.bulk_create(
        Supplement(
            application_id=pk,
            message=message,
            requirements=wanted,
            requested_by=batch.by,
            requested_at=batch.now,
            due_at=due[batch.rows[pk].sub_program_id],
        )
        for pk in asked
    )
    notify_applicants(
        "applications/supplement_request",
        {
            row.application_id: (
                f"supplement:{row.pk}",
                {
                    "supplement": row,
                    "document_labels": [labels[row.application_id][code] for code in wanted],
                },
            )
            for row in made
        },
        now=batch.now,
    )
    return refusals


def remind(batch: Batch) -> Refusals:
    """Remind the applicants who still have to answer a supplement, once a day at most."""
    open_rows = {row.application_id: row for row in _open_supplements(batch.rows)}
    today = datetime.combine(batch.now.astimezone(KST).date(), time(), tzinfo=KST)
    told = ApplicationMove.objects.filter(
        thing__in=batch.rows, move=ApplicationMoves.REMIND.name, at__gte=today
    )
    reminded = set(told.values_list("thing_id", flat=True))
    refusals: Refusals = {}
    for pk in batch.rows:
        if pk not in open_rows:
            refusals[pk] = NO_REQUEST
        elif open_rows[pk].due_at <= batch.now:
            refusals[pk] = OVERDUE
        elif pk in reminded:
            refusals[pk] = REMINDED
    told_now = batch.without(refusals)
    batch.move(ApplicationMoves.REMIND, told_now)
    notify_applicants(
        "applications/supplement_reminder",
        {
            pk: (
                f"supplement-reminder:{open_rows[pk].pk}:{today:%Y%m%d}",
                {"supplement": open_rows[pk]},
            )
            for pk in told_now
        },
        now=batch.now,
    )
    return refusals


def screened_of(applications: Mapping[int, Application]) -> dict[int, rules.Screened]:
    """Return what staff have decided about each application so far, in few statements."""
    checks: dict[int, list[rules.Check]] = defaultdict(list)
    rows = Check.objects.filter(application__in=applications).order_by("pk")
    columns = ("application_id", "code", "message", "met", "decision")
    for pk, code, message, met, decision in rows.values_list(*columns):
        checks[pk].append(rules.Check(code, message, met, decision))
    bonuses: dict[int, list[str]] = defaultdict(list)
    claims = BonusClaim.objects.filter(application__in=applications, state=BonusState.CLAIMED)
    for pk, label in claims.order_by("pk").values_list("application_id", "label"):
        bonuses[pk].append(label)
    flags: dict[int, list[str]] = defaultdict(list)
    for flag in StaffFlag.objects.filter(application__in=applications, cleared_at=None):
        flags[flag.application_id].append(flag.get_label_display())
    waiting = set(_open_supplements(applications).values_list("application_id", flat=True))
    proposed = ExclusionProposal.objects.filter(
        application__in=applications, approved_at=None, discarded_at=None
    )
    doubted = set(proposed.values_list("application_id", flat=True))
    forms, of_form = forms_of(applications), form_ids(applications)
    advisory = {
        form: rules.advisory_codes(content.get("conditions", [])) for form, content in forms.items()
    }
    return {
        pk: rules.Screened(
            checks=checks[pk],
            advisory=advisory[of_form[pk]],
            supplement_open=pk in waiting,
            exclusion_proposed=pk in doubted,
            bonuses_pending=bonuses[pk],
            flags=flags[pk],
        )
        for pk in applications
    }


def form_ids(applications: Iterable[int]) -> dict[int, str]:
    rows = Submission.objects.filter(application__in=applications)
    return dict(rows.values_list("application_id", "form_id"))


def forms_of(applications: Iterable[int]) -> dict[str, dict[str, Any]]:
    """Return the forms under which these applications were filed, each read once."""
    filed = Submission.objects.filter(application__in=applications).order_by()
    rows = FormVersion.objects.filter(pk__in=filed.values("form"))
    return dict(rows.values_list("pk", "content"))


def _open_supplements(applications: Iterable[int]) -> QuerySet[Supplement]:
    return Supplement.objects.filter(application__in=applications, state=SupplementState.OPEN)


def _due(batch: Batch, programs: Iterable[int], days: int | None) -> dict[int, datetime]:
    free = holidays()
    return {
        pk: program.due_after("supplement_days", batch.now, free, days=days)
        for pk, program in SubProgram.objects.in_bulk(list(programs)).items()
    }


def _followed(batch: Batch, expected: str) -> Refusals:
    """Return the applications whose last move is not the one that the act made."""
    made = batch.made_at()
    last = {
        pk: (move, by, at)
        for pk, move, by, at in ApplicationMove.objects.filter(thing__in=batch.rows)
        .order_by("pk")
        .values_list("thing_id", "move", "by_id", "at")
    }
    by = batch.act.undoes.requested_by_id if batch.act.undoes else None
    return {pk: FOLLOWED for pk in batch.rows if last.get(pk) != (expected, by, made.get(pk))}


def _confirmed_by(batch: Batch) -> dict[int, int]:
    """Return check and application of what the act that is taken back confirmed."""
    made = batch.made_at()
    by = batch.act.undoes.requested_by_id if batch.act.undoes else None
    rows = Check.objects.filter(
        application__in=batch.rows, decision=CheckDecision.CONFIRMED, decided_by=by
    )
    return {
        pk: application
        for pk, application, at in rows.values_list("pk", "application_id", "decided_at")
        if at == made.get(application)
    }
