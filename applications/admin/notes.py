"""Memos and calls on an application's page: written there, corrected by a new line."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from applications.admin.screening import PartAdmin
from applications.forms.notes import CallForm, CorrectionForm, MemoForm
from applications.models import Application, StaffNote
from applications.services import notes
from portal.access import impartiality
from portal.access.requests import person
from portal.staff import trail
from portal.staff.acts import Act
from programs.roles import MANAGER, OFFICER, STAFF_READERS

Data = dict[str, Any]
ROLES = [OFFICER, MANAGER]


def write(request: HttpRequest, application: Application, data: Data, at: datetime) -> StaffNote:
    return notes.write(application, by=person(request), now=at, **data)


def log_call(request: HttpRequest, application: Application, data: Data, at: datetime) -> StaffNote:
    return notes.log_call(application, by=person(request), now=at, **data)


def correct(request: HttpRequest, note: StaffNote, data: Data, at: datetime) -> StaffNote:
    return notes.correct(note, by=person(request), now=at, **data)


ACTS = [
    Act(
        "note",
        "메모 남기기",
        write,
        done="메모를 남겼습니다.",
        roles=ROLES,
        form=MemoForm,
        in_place=True,
        intro="담당자끼리만 봅니다. 기업과 평가위원에게는 보이지 않습니다.",
    ),
    Act(
        "call",
        "통화 기록",
        log_call,
        done="통화를 기록했습니다.",
        roles=ROLES,
        form=CallForm,
        in_place=True,
        intro="담당자끼리만 봅니다. 기업과 평가위원에게는 보이지 않습니다.",
    ),
]


def context(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return memos and calls, the latest first; none for a reader who is tied to the firm."""
    if impartiality.tied(person(request), application):
        return {"notes_closed": impartiality.TIED}
    rows = StaffNote.objects.filter(application=application)
    rows = rows.select_related("by", "corrects", "correction")
    return {
        "notes": [
            (row, _act(request, "staffnote", row.pk, "correct"))
            for row in rows.order_by("-happened_at", "-pk")
        ],
        "memo": MemoForm(auto_id="memo_%s"),
        "note_url": _act(request, "application", application.pk, "note"),
        "call": CallForm(auto_id="call_%s"),
        "call_url": _act(request, "application", application.pk, "call"),
    }


def _act(request: HttpRequest, model: str, pk: int, name: str) -> str:
    return trail.onto(reverse(f"admin:applications_{model}_act", args=[pk, name]), request)


def uncorrected(request: HttpRequest, note: StaffNote) -> bool:
    return not StaffNote.objects.filter(corrects=note).exists()


@admin.register(StaffNote)
class StaffNoteAdmin(PartAdmin):
    read_roles = STAFF_READERS
    said_by_staff = True
    list_display = ["kind", "application", "by", "at"]
    fields = ["application", "kind", "direction", "counterpart", "happened_at", "text", "by", "at"]
    acts = [
        Act(
            "correct",
            "바로잡기",
            correct,
            done="바로잡은 내용을 남겼습니다. 먼저 적은 내용도 그대로 남습니다.",
            roles=ROLES,
            form=CorrectionForm,
            show=uncorrected,
            intro=lambda note: f"먼저 적은 내용:\n{note.text}",
        )
    ]
