"""The head of the page of an application: who may be asked, and what else the company has filed."""

from typing import Any

from django.http import HttpRequest

from applications.admin.company import REGIONS, SIZES
from applications.admin.officers import charge
from applications.models import Application, Member
from applications.states import MemberRole
from applications.visibility import WRITERS, staff_applications
from portal.access.requests import person
from programs.queries import kept

MOST_OTHERS = 10
ROLES = {MemberRole.OWNER: "대표 담당자", MemberRole.EDITOR: "작성자"}


def facts(request: HttpRequest, application: Application) -> dict[str, Any]:
    members = Member.objects.filter(company=application.company_id, role__in=WRITERS)
    return {
        "officer": charge.label(application),
        "filed": application.submission,
        "region": REGIONS.get(application.region, application.region),
        "size": SIZES.get(application.size, application.size),
        "contacts": [
            (ROLES[MemberRole(row.role)], row.user)
            for row in members.select_related("user").order_by("-role", "pk")
        ],
        "others": _others(request, application),
    }


def _others(request: HttpRequest, application: Application) -> list[Application]:
    visible = staff_applications(person(request)).filter(company=application.company_id)
    found = list(visible.exclude(pk=application.pk).order_by("-pk")[: MOST_OTHERS + 1])
    kept.put_on(found)
    return found
