"""Flags on an application's page, in the list of applications, and as a list of their own."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from applications.admin.screening import PartAdmin
from applications.forms.flags import ClearForm, flag_form
from applications.models import Application, StaffFlag
from applications.services import flags
from applications.states import FlagLabel
from portal.access import impartiality
from portal.access.requests import person
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.staff import trail
from portal.staff.acts import Act
from portal.templatetags.components import badge
from programs.roles import MANAGER, OFFICER, STAFF_READERS

Data = dict[str, Any]
OPEN = "open_flags"
ROLES = [OFFICER, MANAGER]


def form(request: HttpRequest, application: Application) -> type[forms.Form]:
    return flag_form(application, who=application.officer_id or person(request).pk)


def set_flag(request: HttpRequest, application: Application, data: Data, at: datetime) -> StaffFlag:
    return flags.set_flag(application, by=person(request), now=at, **data)


def clear(request: HttpRequest, flag: StaffFlag, data: Data, at: datetime) -> None:
    flags.clear(flag, by=person(request), now=at, **data)


ACTS = [
    Act(
        "flag",
        "표시 달기",
        set_flag,
        done=lambda flag: f"‘{flag.get_label_display()}’ 표시를 달았습니다.",
        roles=ROLES,
        form=form,
        in_place=True,
        intro="담당자끼리만 봅니다. 목록에서 표시와 기한으로 찾을 수 있습니다.",
    )
]


def context(request: HttpRequest, application: Application) -> dict[str, Any]:
    """Return the flags of an application, open ones first, each with the address of its act.

    None for a reader who is tied to the firm.
    """
    if impartiality.tied(person(request), application):
        return {"flags_closed": impartiality.TIED}
    rows = StaffFlag.objects.filter(application=application).order_by("-pk")
    rows = rows.select_related("who", "set_by", "cleared_by")
    name = "admin:applications_staffflag_act"
    found = [(row, trail.onto(reverse(name, args=[row.pk, "clear"]), request)) for row in rows]
    address = reverse("admin:applications_application_act", args=[application.pk, "flag"])
    return {
        "flags": sorted(found, key=lambda pair: pair[0].cleared_at is not None),
        "today": korean_day(now()),
        "flag_url": trail.onto(address, request),
    }


def put_on(rows: Iterable[Application]) -> None:
    """Read the open flags of a page of the list at once."""
    by_key = {row.pk: row for row in rows}
    for row in by_key.values():
        row.__dict__[OPEN] = []
    open_flags = StaffFlag.objects.filter(application__in=by_key, cleared_at=None).order_by(
        "due_on"
    )
    for flag in open_flags:
        by_key[flag.application_id].__dict__[OPEN].append(flag)


def label(application: Application) -> SafeString | str:
    """Return the open flags as badges, those past their day in red; after `put_on`."""
    today = korean_day(now())
    shown = (
        (badge(str(flag), tone="danger" if flag.due_on < today else "warning"),)
        for flag in application.__dict__.get(OPEN, ())
    )
    return format_html_join(" ", "{}", shown)


class FlagFilter(admin.SimpleListFilter):
    """Open flags: of a kind, mine, past their day."""

    title = "표시"
    parameter_name = "flag"
    ANY, MINE, OVERDUE = "any", "mine", "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.OVERDUE, "기한 지남"),
            (self.MINE, "내가 할 것"),
            (self.ANY, "표시 있음"),
            *FlagLabel.choices,
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Application]
    ) -> QuerySet[Application]:
        value, found = self.value(), StaffFlag.objects.filter(cleared_at=None)
        if value is None:
            return queryset
        if value == self.OVERDUE:
            found = found.filter(due_on__lt=korean_day(now()))
        elif value == self.MINE:
            found = found.filter(who=person(request))
        elif value in FlagLabel.values:
            found = found.filter(label=value)
        elif value != self.ANY:
            return queryset.none()
        return queryset.filter(pk__in=found.order_by().values("application"))


@admin.register(StaffFlag)
class FlagAdmin(PartAdmin):
    read_roles = STAFF_READERS
    said_by_staff = True
    list_display = ["label", "application", "due_on", "who", "set_by"]
    fields = ["application", "label", "note", "due_on", "who", "set_by", "set_at"]
    fields += ["outcome", "cleared_by", "cleared_at"]
    acts = [
        Act(
            "clear",
            "표시 떼기",
            clear,
            done="표시를 떼었습니다.",
            roles=ROLES,
            form=ClearForm,
            show=lambda request, flag: flag.cleared_at is None,
            intro=lambda flag: f"‘{flag}’ 표시를 뗍니다. 결과는 이력에 남습니다.",
        )
    ]
