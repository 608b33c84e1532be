"""Change the rules of an announced sub-programme: one manager proposes, another approves.

Nothing else changes them once firms rely on them; a data file is loaded before the announcement.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError

from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.core.particles import particle
from portal.models import User
from programs.models import Criterion, RuleChange, RuleProposal, SubProgram, Track
from programs.queries import rule_changes as queries
from programs.roles import MANAGER
from programs.rules import rule_changes as rules
from programs.services import proposals
from programs.services.catalogue import loading

REASON_LENGTH = 500


def propose(
    program: SubProgram,
    changes: Sequence[rules.Change],
    *,
    reason: str,
    by: User,
    now: datetime,
) -> RuleProposal:
    """Propose changes of the rules; they are tried and undone first, so that they could be approved.

    Raises MoveNotAllowed (`role`, `proposal_open`), Tied, BadInput (`reason`), RuleBroken
    (`rule_locked`, and whatever `approve` would refuse).
    """
    _allowed(by)
    if not reason.strip() or len(reason.strip()) > REASON_LENGTH:
        raise BadInput(f"바꾸는 사유를 {REASON_LENGTH}자까지 적어 주세요.", code="reason")
    changes = list(changes)
    with transaction.atomic():
        locked = _locked(program)
        if queries.open_proposal(locked):
            raise MoveNotAllowed(
                "이 내역사업에는 아직 승인하거나 폐기하지 않은 규칙 변경안이 있습니다."
                " 그 변경안을 먼저 처리해 주세요.",
                code="proposal_open",
            )
        _refuse_locked(locked, changes, now)
        with transaction.atomic():
            _apply(locked, changes, now)
            transaction.set_rollback(True)
        made = RuleProposal.objects.create(
            sub_program=program, changes=changes, reason=reason.strip(), by=by, at=now
        )
        _allowed(by, made)
        return made


def approve(proposal: RuleProposal, *, by: User, now: datetime) -> RuleChange:
    """Put proposed rules in force as another manager, checked again against what is in force now.

    Raises MoveNotAllowed (`role`, `same_person`, `proposal_ended`), Tied, RuleBroken (`rule_locked`,
    `rule_stale`, `rule`), BadInput (`terms`).
    """
    _allowed(by, proposal)
    proposals.another_only(proposal, by)
    with transaction.atomic():
        locked = _locked(proposal.sub_program)
        proposals.end(proposal, now, approved_by=by)
        _refuse_locked(locked, proposal.changes, now)
        lines = queries.lines(proposal.changes, locked)
        _apply(locked, proposal.changes, now)
        return RuleChange.objects.create(
            proposal=proposal,
            sub_program=locked,
            lines=lines,
            changes=proposal.changes,
            reason=proposal.reason,
            by=proposal.by,
            approved_by=by,
            at=now,
        )


def drop(proposal: RuleProposal, *, by: User, now: datetime) -> None:
    """Discard proposed rules. Raises MoveNotAllowed (`role`, `proposal_ended`)."""
    _allowed(by, proposal)
    proposals.end(proposal, now)


def _locked(program: SubProgram) -> SubProgram:
    """Return the row read anew and locked, as scoring locks it when it freezes the rubric."""
    return SubProgram.objects.select_for_update(no_key=True).get(pk=program.pk)


def _refuse_locked(program: SubProgram, changes: list[rules.Change], now: datetime) -> None:
    locks = queries.locks(program, now=now)
    touched = [group for group in rules.groups(changes) if group in locks]
    if touched:
        raise RuleBroken(
            [Finding("rule_locked", f"{rules.WORDS[group]}: {locks[group]}") for group in touched],
            code="rule_locked",
        )


def _apply(program: SubProgram, changes: Sequence[rules.Change], now: datetime) -> None:
    order = (rules.REMOVE, rules.CHANGE, rules.ADD)
    rows = [
        _changed(program, row, now)
        for row in sorted(changes, key=lambda row: order.index(row["act"]))
    ]
    # Another criterion may become the core: only one may be, so the old one is written first.
    rows.sort(key=lambda row: isinstance(row, Criterion) and row.core)
    for row in rows:
        if row is not None:
            _save(row)
    _refuse_bad_sums(program)
    loading.update_form_version(SubProgram.objects.get(pk=program.pk))


def _changed(program: SubProgram, change: rules.Change, now: datetime) -> models.Model | None:
    """Return the row with its new values, None when it was removed."""
    model = queries.MODELS[change["part"]]
    if change["act"] == rules.ADD:
        row: models.Model = model(sub_program=program)
    else:
        row = _current(program, model, change)
    if change["act"] == rules.REMOVE:
        try:
            row.delete()
        except ProtectedError as used:
            raise _broken(
                f"‘{change['name']}’{particle(change['name'], '은/는')} 이미 쓰이고 있어 뺄 수 없습니다."
            ) from used
        return None
    for name, (_, after) in change["fields"].items():
        _set(row, name, after, now)
    return row


def _current(program: SubProgram, model: type[models.Model], change: rules.Change) -> models.Model:
    """Return the row that a change is about, still as it was then. Raises RuleBroken (`rule_stale`)."""
    own: dict[str, Any] = {} if model is SubProgram else {"sub_program": program}
    row = model._default_manager.filter(pk=change["pk"], **own).first()
    stale = [
        label
        for name, (before, _) in change["fields"].items()
        if row is not None and queries.value_of(row, name) != before
        for label in [queries.label(model, name)]
    ]
    if row is None or stale:
        what = ", ".join(stale) or f"‘{change['name']}’"
        raise RuleBroken(
            [
                Finding(
                    "rule_stale",
                    f"변경안을 만든 뒤에 {what}의 값이 바뀌었습니다. 변경안을 폐기하고 지금 값에서"
                    " 다시 만들어 주세요.",
                )
            ],
            code="rule_stale",
        )
    return row


def _set(row: models.Model, name: str, value: Any, now: datetime) -> None:
    column, _, key = name.partition(".")
    if key:
        kept = {**getattr(row, column), key: value}
        setattr(row, column, {each: one for each, one in kept.items() if one})
        return
    field = row._meta.get_field(column)
    read = field.to_python(value) if isinstance(field, models.Field) else value
    if limit := rules.RANGES.get(column):
        label = queries.label(type(row), name)
        ranges.check(limit, read, today=korean_day(now), code="rule", label=label)
    setattr(row, column, read)


def _save(row: models.Model) -> None:
    try:
        row.full_clean(validate_constraints=False)
        if isinstance(row, SubProgram):
            _refuse_bad_figures(row)
        with transaction.atomic():
            row.save()
    except ValidationError as wrong:
        raise _broken(" ".join(wrong.messages)) from wrong
    except IntegrityError as wrong:
        raise _broken(f"‘{row}’의 값은 다른 값과 함께 둘 수 없습니다.") from wrong


def _refuse_bad_figures(program: SubProgram) -> None:
    if program.assessors < program.minimum_sheets:
        raise _broken("평가위원 수는 최소 평가표 수보다 적을 수 없습니다.")


def _refuse_bad_sums(program: SubProgram) -> None:
    criteria = Criterion.objects.filter(sub_program=program)
    rows = list(criteria.values_list("max_points", "core"))
    if rows and (fault := rules.criteria_fault(rows)):
        raise _broken(fault)
    for track in Track.objects.filter(sub_program=program).select_related("sub_program"):
        track.terms()


def _broken(message: str) -> RuleBroken:
    return RuleBroken([Finding("rule", message)])


def _allowed(by: User, proposal: RuleProposal | None = None) -> None:
    """Refuse anybody but a manager without ties to a firm that filed under these rules."""
    impartiality.require(by, [MANAGER], about=proposal, message="결정권자만 할 수 있는 처리입니다.")
