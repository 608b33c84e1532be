"""Writing memos and calls down, and correcting them by a new line."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from applications.models import Application, StaffNote
from applications.states import CallDirection, NoteKind
from portal.access import impartiality
from portal.core.errors import BadInput, StaleVersion
from portal.models import User
from programs.roles import MANAGER, OFFICER

LONGEST = 4_000
OLDEST = timedelta(days=366)
NOT_STAFF = "메모와 통화 기록은 사업 담당자와 결정권자가 남깁니다."


def write(application: Application, *, text: str, by: User, now: datetime) -> StaffNote:
    """Keep a memo. Raises BadInput (`text`), MoveNotAllowed, Tied."""
    return _keep(
        StaffNote(application=application, kind=NoteKind.MEMO, happened_at=now, text=text), by, now
    )


def log_call(
    application: Application,
    *,
    direction: str,
    counterpart: str,
    happened_at: datetime,
    text: str,
    by: User,
    now: datetime,
) -> StaffNote:
    """Keep a call: who called whom, when, what was said. Raises as `write`, BadInput for the rest."""
    if direction not in CallDirection.values:
        raise BadInput("건 전화인지 받은 전화인지 골라 주세요.", code="direction")
    if not counterpart.strip():
        raise BadInput("누구와 통화했는지 적어 주세요.", code="counterpart")
    if not now - OLDEST <= happened_at <= now:
        raise BadInput("통화한 때는 지금까지의 한 해 안이어야 합니다.", code="happened_at")
    made = StaffNote(
        application=application,
        kind=NoteKind.CALL,
        direction=direction,
        counterpart=counterpart.strip(),
        happened_at=happened_at,
        text=text,
    )
    return _keep(made, by, now)


def correct(note: StaffNote, *, text: str, by: User, now: datetime) -> StaffNote:
    """Keep a new line in the place of an old one, which stays. Raises StaleVersion when one exists."""
    made = StaffNote(
        application=note.application,
        kind=note.kind,
        direction=note.direction,
        counterpart=note.counterpart,
        happened_at=note.happened_at,
        text=text,
        corrects=note,
    )
    try:
        with transaction.atomic():
            return _keep(made, by, now)
    except IntegrityError as earlier:
        raise StaleVersion("다른 사람이 먼저 바로잡았습니다.") from earlier


def _keep(note: StaffNote, by: User, now: datetime) -> StaffNote:
    impartiality.require(by, {OFFICER, MANAGER}, about=note.application, message=NOT_STAFF)
    note.text = note.text.strip()
    if not note.text:
        raise BadInput("내용을 적어 주세요.", code="text")
    if len(note.text) > LONGEST:
        raise BadInput(f"{LONGEST:,}자까지 적을 수 있습니다.", code="text")
    note.by, note.at = by, now
    note.save(force_insert=True)
    return note
