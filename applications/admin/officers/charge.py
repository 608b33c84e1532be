"""The responsible officer on an application's page and in the list of applications."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import Application, OfficerChange
from applications.queries.officers import stand_ins
from applications.queries.officers.charge import eligible
from applications.services.officers import charge
from applications.states import ApplicationState
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.forms.people import PersonField
from portal.models import User
from portal.staff.acts import Act
from portal.staff.forms import note_form, text
from programs.roles import MANAGER, OFFICER

Data = dict[str, Any]
MAY_HOLD = "may_hold_by_program"
ACTING = "acting_today"

ReasonForm = note_form("reason", max_length=500)
OptionalReasonForm = note_form("reason", max_length=500, required=False)


def give_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    """Offer the officers of the sub-programme; a manager who takes the file from somebody says why."""
    others = eligible(application.sub_program_id)
    if application.officer_id is not None:
        others = others.exclude(pk=application.officer_id)
    against = application.officer_id not in {None, person(request).pk}
    fields: dict[str, forms.Field] = {
        "to": PersonField(label="새 담당자", queryset=others),
        "reason": text("사유", required=against),
    }
    return type("GiveForm", (forms.Form,), fields)


def take(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    charge.take(application, by=person(request), now=at)


def take_over(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    charge.take_over(application, by=person(request), now=at, **data)


def give(request: HttpRequest, application: Application, data: Data, at: datetime) -> OfficerChange:
    return charge.give(application, by=person(request), now=at, **data)


def let_go(request: HttpRequest, application: Application, data: Data, at: datetime) -> None:
    charge.let_go(application, by=person(request), now=at, **data)


def may_hold(request: HttpRequest, application: Application) -> bool:
    """Tell whether the reader may have this application in charge, ties aside."""
    known: dict[int, bool] = request.__dict__.setdefault(MAY_HOLD, {})
    program, reader = application.sub_program_id, person(request)
    if program not in known:
        known[program] = (
            OFFICER in roles_of(reader) and eligible(program).filter(pk=reader.pk).exists()
        )
    return known[program] and application.state != ApplicationState.WITHDRAWN


def may_take(request: HttpRequest, application: Application) -> bool:
    return application.officer_id is None and may_hold(request, application)


def may_take_over(request: HttpRequest, application: Application) -> bool:
    others = application.officer_id not in {None, person(request).pk}
    return others and may_hold(request, application)


def may_give(request: HttpRequest, application: Application) -> bool:
    own = application.officer_id == person(request).pk
    return application.state != ApplicationState.WITHDRAWN and (
        own or MANAGER in roles_of(person(request))
    )


def is_own(request: HttpRequest, application: Application) -> bool:
    return application.officer_id == person(request).pk


ACTS = [
    Act(
        "take",
        "맡기",
        take,
        done="이 신청을 맡았습니다. 이제 ‘내 건’에 나옵니다.",
        roles=[OFFICER],
        show=may_take,
        aside=True,
    ),
    Act(
        "take-over",
        "가져오기",
        take_over,
        done="이 신청을 가져왔습니다. 이전 담당자와 사유가 담당 이력에 남습니다.",
        roles=[OFFICER],
        form=ReasonForm,
        show=may_take_over,
        intro=lambda application: f"지금 담당자는 {application.officer}님입니다.",
        aside=True,
    ),
    Act(
        "give",
        "넘기기",
        give,
        done=lambda line: f"{line.officer} 담당자에게 넘겼습니다.",
        roles=[OFFICER, MANAGER],
        form=give_form,
        show=may_give,
        intro="같은 내역사업의 담당자에게 넘깁니다. 이해관계가 있는 사람에게는 넘길 수 없습니다.",
        aside=True,
    ),
    Act(
        "let-go",
        "내려놓기",
        let_go,
        done="이 신청을 내려놓았습니다. 지금은 담당자가 없습니다.",
        roles=[OFFICER],
        form=OptionalReasonForm,
        show=is_own,
        intro="담당자가 없는 신청이 됩니다. 다른 담당자에게 바로 맡기려면 ‘넘기기’를 쓰세요.",
        aside=True,
    ),
]


def context(application: Application) -> dict[str, Any]:
    """Return the history of the officers of an application, the latest first."""
    lines = application.officer_changes.select_related("officer", "previous", "by")
    return {"officer_changes": lines.order_by("-pk")}


def put_on(rows: Iterable[Application]) -> None:
    """Read the officers of a page of the list, and who stands in for them today, at once."""
    named = [(row, row.officer_id) for row in rows if row.officer_id is not None]
    if not named:
        return
    people = User.objects.in_bulk([pk for _, pk in named])
    acting = stand_ins.stand_ins(korean_day(now()))
    for row, pk in named:
        row.officer = people[pk]
        row.__dict__[ACTING] = acting.get(pk)


def label(application: Application) -> str:
    """Return the officer's name, with the one who stands in today; after `put_on`."""
    acting = application.__dict__.get(ACTING)
    return (
        f"{application.officer or ''} (대행 {acting})" if acting else str(application.officer or "")
    )


class ChargeFilter(admin.SimpleListFilter):
    """Mine, those I stand in for, my sub-programmes', nobody's."""

    title = "담당"
    parameter_name = "charge"
    MINE, ACTING, TEAM, NOBODY = "mine", "acting", "team", "nobody"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (self.MINE, "내 건"),
            (self.ACTING, "대행"),
            (self.TEAM, "팀의 건"),
            (self.NOBODY, "담당 없음"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Application]
    ) -> QuerySet[Application]:
        reader = person(request)
        match self.value():
            case self.MINE:
                return queryset.filter(stand_ins.own_files(reader, korean_day(now())))
            case self.ACTING:
                absent = stand_ins.stood_in_for(reader, korean_day(now()))
                return queryset.filter(officer__in=absent)
            case self.TEAM:
                return queryset.filter(sub_program__in=reader.sub_programs.values("pk"))
            case self.NOBODY:
                nobodys = queryset.filter(officer=None, submitted_at__isnull=False)
                return nobodys.exclude(state=ApplicationState.WITHDRAWN)
            case None:
                return queryset
        return queryset.none()
