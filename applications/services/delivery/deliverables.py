"""Deliverables: begin, record, confirm, submit, accept, or end early with the reason."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Max

from applications.models import (
    Agreement,
    Deliverable,
    DeliveryEntry,
    DeliveryFile,
    Expert,
    IssuedDocument,
    LevelCertificate,
)
from applications.queries import delivery as queries
from applications.queries.delivery import EXPERT, FIRM, STAFF
from applications.rules import delivery as rules
from applications.services import documents
from applications.services.settlement import spending
from applications.states import AgreementState, DeliverableMoves, DeliverableState
from portal.access import impartiality
from portal.access.roles import roles_of
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken
from portal.core.particles import particle
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move
from portal.uploads import files
from programs.roles import MANAGER, OFFICER
from programs.rules import deadlines
from programs.states import GrantKind

FORMATS = ("pdf", "jpg", "png", "hwp", "hwpx", "xlsx", "docx", "zip")
MOST_FILES = 10
AGREEMENT_ENDED = "협약이 중도에 끝났습니다."


@transaction.atomic
def begin(deliverable: Deliverable, *, by: User, now: datetime) -> Deliverable:
    """Begin a deliverable; its period starts today (KST).

    Raises MoveNotAllowed (`waits`, `no_expert`, `agreement_closed`), NotFound for another side.
    """
    _require_side(deliverable, deliverable.spec["by"], by, or_staff=True)
    agreement = _check_agreement(deliverable)
    if agreement.state != AgreementState.ACTIVE and not deliverable.spec.get("outlasts"):
        raise _closed()
    status = queries.status_of(deliverable)
    if status.blocked_on:
        raise MoveNotAllowed(
            f"‘{status.blocked_on}’{particle(status.blocked_on, '이/가')} 끝난 뒤에 시작합니다.",
            code="waits",
        )
    if deliverable.spec["by"] == EXPERT and deliverable.expert_id is None:
        raise MoveNotAllowed("전문가가 아직 배정되지 않았습니다.", code="no_expert")
    today = korean_day(now)
    months = deliverable.spec.get("months")
    move(
        deliverable,
        DeliverableMoves.BEGIN,
        by=by,
        now=now,
        owner=True,
        changes={
            "starts_on": today,
            "ends_on": deadlines.months_later(today, months) if months else None,
        },
    )
    return deliverable


@transaction.atomic
def add_entry(
    deliverable: Deliverable,
    *,
    on: date,
    title: str,
    body: str,
    by: User,
    now: datetime,
    outcome: str = "",
    amount: int | None = None,
    uploads: "Sequence[File[bytes]]" = (),
) -> DeliveryEntry:
    """Record what was done; the first record begins a planned deliverable.

    Raises BadInput (`entry_day`, `entry_empty`, `files`), MoveNotAllowed (`agreement_closed`),
    NotFound for a side that does not do the work.
    """
    _require_side(deliverable, deliverable.spec["by"], by)
    _check_agreement(deliverable)
    if deliverable.state == DeliverableState.PLANNED:
        begin(deliverable, by=by, now=now)
    locked = (
        Deliverable.objects.select_related("agreement")
        .select_for_update(of=("self",))
        .get(pk=deliverable.pk)
    )
    if locked.state != DeliverableState.UNDER_WAY:
        raise MoveNotAllowed("진행 중인 항목에만 기록할 수 있습니다.", code="not_under_way")
    rules.check_day(on, starts_on=locked.agreement.starts_on, today=korean_day(now))
    ranges.check("entry_amount", amount, today=korean_day(now), code="amount")
    if not title.strip() or not body.strip():
        raise BadInput("제목과 내용을 적어 주세요.", code="entry_empty")
    if len(uploads) > MOST_FILES:
        raise BadInput(f"파일은 한 번에 {MOST_FILES}개까지 올립니다.", code="files")
    last = locked.entries.aggregate(last=Max("number"))["last"] or 0
    entry = DeliveryEntry.objects.create(
        deliverable=locked,
        number=last + 1,
        on=on,
        title=title.strip(),
        body=body.strip(),
        outcome=outcome.strip(),
        amount=amount,
        written_by=by,
        written_at=now,
    )
    for upload in uploads:
        _store(entry, upload, by, now)
    if locked.spec.get("confirmed"):
        _notify_firm(entry, now)
    return entry


@transaction.atomic
def answer_entry(
    entry: DeliveryEntry, *, agree: bool, by: User, now: datetime, note: str = ""
) -> DeliveryEntry:
    """Record the firm's confirmation of a record, or its reason against it.

    Raises NotFound, BadInput (`note_required`), MoveNotAllowed (`entry_answered`,
    `agreement_closed`).
    """
    deliverable = entry.deliverable
    _require_side(deliverable, FIRM, by)
    if not agree and not note.strip():
        raise BadInput("동의하지 않는 사유를 적어 주세요.", code="note_required")
    _check_agreement(deliverable)
    deliverable.refresh_from_db(fields=["state"])
    if not deliverable.spec.get("confirmed") or deliverable.state != DeliverableState.UNDER_WAY:
        raise MoveNotAllowed("지금은 확인할 수 없는 기록입니다.", code="not_under_way")
    try:
        with transaction.atomic():
            answered = DeliveryEntry.objects.filter(pk=entry.pk, confirmed=None).update(
                confirmed=agree, answered_by=by, answered_at=now, note=note.strip()[:300]
            )
    except IntegrityError as own:
        raise MoveNotAllowed(
            "자신이 쓴 기록은 다른 사람이 확인해야 합니다.", code="own_entry"
        ) from own
    if not answered:
        raise MoveNotAllowed("이미 답한 기록입니다.", code="entry_answered")
    entry.refresh_from_db()
    return entry


def submit(deliverable: Deliverable, *, by: User, now: datetime, level: str = "") -> Deliverable:
    """Submit a deliverable for confirmation, with the level where the catalogue requires one.

    Raises RuleBroken with everything that is missing, BadInput (`level`), NotFound, MoveNotAllowed.
    """
    _require_side(deliverable, deliverable.spec["by"], by)
    choices = dict(queries.level_choices(deliverable))
    if level and level not in choices:
        raise BadInput("없는 수준입니다.", code="level")
    result = {"level": level, "label": choices[level]} if level else {}
    with transaction.atomic():
        _check_agreement(deliverable)
        Deliverable.objects.select_for_update(of=("self",)).get(pk=deliverable.pk)
        missing = rules.unready(deliverable.spec, queries.entries_of(deliverable), result=result)
        if missing:
            raise RuleBroken(missing, message="아직 낼 수 없습니다.")
        move(
            deliverable,
            DeliverableMoves.HAND_IN,
            by=by,
            now=now,
            owner=True,
            changes={"result": result, "handed_in_at": now},
        )
    return deliverable


def send_back(deliverable: Deliverable, *, note: str, by: User, now: datetime) -> Deliverable:
    """Return it with the reason. Raises NotFound, MoveNotAllowed."""
    _require_side(deliverable, queries.confirming_side(deliverable), by)
    with transaction.atomic():
        _check_agreement(deliverable)
        move(deliverable, DeliverableMoves.GIVE_BACK, by=by, now=now, owner=True, note=note)
    return deliverable


def accept(deliverable: Deliverable, *, by: User, now: datetime, note: str = "") -> Deliverable:
    """Confirm that it is done and issue a certificate where the catalogue states one.

    Another person than the one who submitted it confirms. Raises NotFound, MoveNotAllowed
    (`own_work`, `agreement_closed`).
    """
    _require_side(deliverable, queries.confirming_side(deliverable), by)
    submitted = deliverable.moves.filter(move="hand_in").order_by("-pk").first()
    if submitted is not None and submitted.by_id == by.pk:
        raise MoveNotAllowed("자신이 낸 것은 다른 사람이 확인해야 합니다.", code="own_work")
    with transaction.atomic():
        _check_agreement(deliverable)
        move(
            deliverable,
            DeliverableMoves.ACCEPT,
            by=by,
            now=now,
            owner=True,
            note=note,
            changes={"finished_at": now},
        )
        if years := deliverable.spec.get("certificate"):
            _certify(deliverable, years, by, now)
        _record_use(deliverable, by, now, accepted=True)
    return deliverable


def stop(deliverable: Deliverable, *, note: str, by: User, now: datetime) -> Deliverable:
    """End it early; of in-kind support only the part that was done counts as used.

    Raises NotFound, MoveNotAllowed.
    """
    _require_side(deliverable, STAFF, by)
    with transaction.atomic():
        _lock_agreement(deliverable)
        _stop(deliverable, note=note, by=by, now=now)
    return deliverable


def stop_open(agreement: Agreement, *, by: User, now: datetime) -> None:
    """End every open deliverable of an agreement that ends early; what was done counts as used.

    The caller has locked the agreement. Suppliers and experts read that it ended, not why.
    """
    rows = agreement.deliverables.exclude(state__in=queries.OVER).order_by("order")
    for row in rows.select_related("agreement").select_for_update(of=("self",)):
        _stop(row, note=AGREEMENT_ENDED, by=by, now=now)


def extend(
    deliverable: Deliverable, *, ends_on: date, note: str, by: User, now: datetime
) -> Deliverable:
    """Extend its period. Raises BadInput (`ends_on`), MoveNotAllowed, StaleVersion."""
    _require_side(deliverable, STAFF, by)
    if deliverable.ends_on is None or ends_on <= deliverable.ends_on:
        raise BadInput("지금 종료일보다 뒤의 날짜를 고르세요.", code="ends_on")
    ranges.check("deliverable_end", ends_on, today=korean_day(now), code="ends_on")
    if not queries.goes_on(deliverable):
        raise _closed()
    before = deliverable.ends_on
    text = f"{before:%Y-%m-%d} → {ends_on:%Y-%m-%d}: {note.strip()}" if note.strip() else ""
    move(
        deliverable,
        DeliverableMoves.EXTEND,
        by=by,
        now=now,
        note=text,
        where={"ends_on": before},
        changes={"ends_on": ends_on},
    )
    return deliverable


def tell_released(
    expert: Expert, deliverable: Deliverable, row: int, *, reason: str, now: datetime
) -> None:
    """Tell an expert that a deliverable is no longer theirs, once for the row of its move."""
    outbox.write(
        "applications/expert_released",
        to_email=expert.user.email,
        user=expert.user,
        key=f"expert_released:{row}",
        now=now,
        deliverable=deliverable,
        application=deliverable.agreement.application,
        reason=reason.strip(),
    )


def _stop(deliverable: Deliverable, *, note: str, by: User, now: datetime) -> None:
    row = move(
        deliverable,
        DeliverableMoves.STOP,
        by=by,
        now=now,
        note=note,
        changes={"finished_at": now},
    )
    _record_use(deliverable, by, now, accepted=False)
    if deliverable.expert is not None:
        tell_released(deliverable.expert, deliverable, row.pk, reason=note, now=now)


def _certify(deliverable: Deliverable, years: int, by: User, now: datetime) -> None:
    application = deliverable.agreement.application
    round, today = application.sub_program.round, korean_day(now)
    LevelCertificate.objects.create(
        deliverable=deliverable,
        number=f"{round.year}-수준-{application.pk:06d}",
        level=deliverable.result["level"],
        level_label=deliverable.result["label"],
        issued_on=today,
        valid_until=deadlines.months_later(today, 12 * years),
        by=by,
        at=now,
    )
    documents.request(application, kind=IssuedDocument.Kind.CERTIFICATE, now=now)


def _record_use(deliverable: Deliverable, by: User, now: datetime, *, accepted: bool) -> None:
    # The award is divided over the deliverables; the last one takes the rest.
    agreement = deliverable.agreement
    if agreement.kind != GrantKind.IN_KIND:
        return
    parts = agreement.deliverables.count()
    share = agreement.grant_won // parts
    if not agreement.deliverables.filter(order__gt=deliverable.order).exists():
        share = agreement.grant_won - share * (parts - 1)
    there = rules.progress(deliverable.spec, queries.entries_of(deliverable))
    used = rules.used_won(share, there, accepted=accepted)
    if used:
        spending.record_use(
            agreement,
            amount_won=used,
            label=f"{deliverable.label} {there}",
            reference=f"deliverable:{deliverable.pk}",
            by=by,
            now=now,
        )


def _store(entry: DeliveryEntry, upload: "File[bytes]", by: User, now: datetime) -> None:
    seen = files.inspect(upload, allowed=FORMATS)
    DeliveryFile.objects.create(
        entry=entry,
        name=seen.name,
        file=files.store(upload, by=by),
        size=seen.size,
        sha256=seen.sha256,
        content_type=seen.content_type,
        uploaded_by=by,
        uploaded_at=now,
    )


def _notify_firm(entry: DeliveryEntry, now: datetime) -> None:
    application = entry.deliverable.agreement.application
    owner = application.created_by
    outbox.write(
        "applications/delivery_entry",
        to_email=owner.email,
        user=owner,
        key=f"delivery_entry:{entry.pk}",
        new=True,
        now=now,
        entry=entry,
        deliverable=entry.deliverable,
        application=application,
    )


def _require_side(deliverable: Deliverable, side: str, by: User, *, or_staff: bool = False) -> None:
    held = queries.sides_of(by, deliverable)
    if side in held or (or_staff and STAFF in held):
        return
    if (or_staff or side == STAFF) and roles_of(by) & {OFFICER, MANAGER}:
        impartiality.check(by, deliverable)
    raise NotFound


def _lock_agreement(deliverable: Deliverable) -> Agreement:
    # Before the deliverable, as an early end locks them, and so that none ends it meanwhile.
    rows = Agreement.objects.select_for_update(of=("self",))
    return rows.get(pk=deliverable.agreement_id)


def _check_agreement(deliverable: Deliverable) -> Agreement:
    """Lock and return the agreement. Raises MoveNotAllowed (`agreement_closed`)."""
    agreement = _lock_agreement(deliverable)
    if not queries.goes_on(deliverable, agreement):
        raise _closed()
    return agreement


def _closed() -> MoveNotAllowed:
    return MoveNotAllowed("수행 중인 협약이 아닙니다.", code="agreement_closed")
