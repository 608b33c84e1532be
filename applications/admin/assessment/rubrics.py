"""Frozen rubrics, and putting a changed catalogue in force."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.admin.application.status import NoteForm
from applications.models import RubricVersion
from applications.services.assessment import rubrics
from applications.visibility import rubrics_of
from portal.access.requests import person
from portal.core.particles import with_particle
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.dates import kst
from programs.roles import MANAGER, STAFF_READERS


def renew(
    request: HttpRequest, version: RubricVersion, data: dict[str, Any], at: datetime
) -> RubricVersion:
    return rubrics.renew(version.sub_program, reason=data["note"][:300], by=person(request), now=at)


@admin.register(RubricVersion)
class RubricVersionAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/assessment/rubrics_page.html"
    list_display = ["name", "frozen", "reason"]
    ordering = ["-pk"]
    acts = [
        Act(
            "renew",
            "바뀐 기준을 새 판으로 확정",
            renew,
            done=lambda made: (
                f"{with_particle(made, '을/를')} 확정했습니다. 이미 낸 점수는 그대로 두고 다시 산정하세요."
            ),
            roles=[MANAGER],
            form=NoteForm,
            show=lambda request, version: (
                rubrics.current(version.sub_program_id) == version
                and rubrics.changed(version.sub_program)
            ),
            intro="사업 자료의 평가 항목·배점·가점이 고정한 기준과 다릅니다. 새 판을 확정하면 앞으로의 점수 산정에 "
            "쓰이고, 앞 판과 앞 점수는 그대로 남습니다.",
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RubricVersion]:
        return rubrics_of(person(request)).select_related("sub_program", "frozen_by", "previous")

    def page(self, request: HttpRequest, thing: RubricVersion) -> dict[str, Any]:
        return {
            "runs": list(thing.runs.order_by("-pk")),
            "changed": rubrics.changed(thing.sub_program),
            "current": rubrics.current(thing.sub_program_id) == thing,
        }

    @admin.display(description="평가 기준")
    def name(self, version: RubricVersion) -> str:
        return str(version)

    @admin.display(description="고정 시각")
    def frozen(self, version: RubricVersion) -> str:
        return kst(version.frozen_at)
