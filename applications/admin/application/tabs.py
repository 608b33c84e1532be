"""Tabs of the page of an application: each reads what it alone shows, from a template of its name."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.admin import site
from django.http import HttpRequest

from applications.admin import flags, notes
from applications.admin.application import content, papers, standing
from applications.admin.officers import charge
from applications.models import (
    Application,
    BonusClaim,
    Check,
    ExclusionProposal,
    ScoreSheet,
    Supplement,
)
from applications.queries import registries
from applications.queries.assessment import committee, progress
from applications.queries.inquiries import for_staff
from applications.queries.objection import exclusion_of
from applications.rules.evidence import Shown, shown
from applications.services.screening import checks
from applications.states import ApplicationState as S
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import Finding
from portal.staff import trail
from portal.staff.acts import WorkflowAdmin, history
from programs.roles import MANAGER, OFFICER

Context = dict[str, Any]


@dataclass(frozen=True)
class Tab:
    code: str
    label: str
    read: Callable[[HttpRequest, Application], Context]
    first_in: tuple[str, ...] = ()
    """The states of an application whose page opens with this tab."""

    @property
    def template(self) -> str:
        return f"admin/applications/application/tabs/{self.code}.html"


def chosen(request: HttpRequest, application: Application) -> Tab:
    """Return the tab that the address names, or the one that the application's state opens with."""
    named = trail.named(request, trail.TAB)
    first = next((tab for tab in TABS if application.state in tab.first_in), TABS[0])
    return next((tab for tab in TABS if tab.code == named), first)


def requirements(request: HttpRequest, application: Application) -> Context:
    screening = application.state == S.SCREENING
    requests = Supplement.objects.select_related("requested_by").order_by("-pk")
    return {
        **papers.context(request, application),
        "checks": _checks(request, application),
        "bonuses": _bonuses(request, application),
        "supplements": requests.filter(application=application),
        "todo": _todo(checks.open_findings(application)) if screening else [],
        "exclusion": exclusion_of(application),
        "proposal": open_proposal(application) if screening else None,
    }


def open_proposal(application: Application) -> ExclusionProposal | None:
    """Return the proposal to exclude that waits for a second person."""
    return next((row for row in application.exclusion_proposals.all() if row.open), None)


def _checks(request: HttpRequest, application: Application) -> list[Context]:
    """Return each check with the fact that it judges and the hidden values of its two acts."""
    rows = list(
        Check.objects.filter(application=application).select_related("decided_by").order_by("pk")
    )
    facts = content.facts(application.submission)
    forms = _forms(request, application, rows, {"confirm", "overrule"})
    return [
        {
            "check": row,
            "fact": facts.get(row.code),
            "standing": _standing(row),
            **forms.get(row.pk, {}),
        }
        for row in rows
    ]


def _standing(check: Check) -> Shown | None:
    """Return the sources of the fact that a check judges; None for one from before they were kept."""
    if check.evidence is None:
        return None
    return shown(
        {
            "code": check.code,
            "label": check.message,
            "standing": check.standing,
            "evidence": check.evidence,
        }
    )


def _bonuses(request: HttpRequest, application: Application) -> list[Context]:
    rows = list(
        BonusClaim.objects.filter(application=application)
        .select_related("decided_by")
        .order_by("pk")
    )
    answered = content.bonus_answers(application.submission)
    forms = _forms(request, application, rows, {"grant", "refuse"})
    return [
        {
            "claim": row,
            "words": answered.get(row.code, (row.claim, ""))[0] or row.claim,
            "guide": answered.get(row.code, ("", ""))[1],
            "told": registries.about_bonus(application.company, row.code),
            **forms.get(row.pk, {}),
        }
        for row in rows
    ]


def _forms(
    request: HttpRequest,
    application: Application,
    rows: Sequence[Check] | Sequence[BonusClaim],
    names: Collection[str],
) -> dict[int, Context]:
    """Return by row the addresses and hidden values of its acts, for who may do them now."""
    may_act = roles_of(person(request)) & {OFFICER, MANAGER}
    if not rows or application.state != S.SCREENING or not may_act:
        return {}
    admin = cast(WorkflowAdmin, site.get_model_admin(type(rows[0])))
    tokens = admin.tokens_of_each(request, rows, names)
    return {
        row.pk: {
            "tokens": tokens[row.pk],
            "urls": {
                step.name: trail.onto(admin.act_url(row, step), request)
                for step in admin.acts
                if step.name in names
            },
        }
        for row in rows
    }


def documents(request: HttpRequest, application: Application) -> Context:
    return {
        **papers.context(request, application),
        "issued": list(application.documents.order_by("pk")),
    }


def answers(request: HttpRequest, application: Application) -> Context:
    filed = application.submission
    return {
        "parts": content.parts(filed),
        "partners": content.partners(application),
        "consents": content.consents(filed),
    }


def inquiries(request: HttpRequest, application: Application) -> Context:
    return {"inquiries": for_staff(application)}


def assessment(request: HttpRequest, application: Application) -> Context:
    rows = ScoreSheet.objects.filter(application=application).prefetch_related(committee.named())
    sheets = list(rows.order_by("pk"))
    at = now()
    return {
        **standing.scores(application, sheets),
        "panel": progress.panel_of(application, sheets),
        "late": {sheet.pk for sheet in sheets if _late(application, sheet, at)},
        "opinion": application.opinions.order_by("-version").first(),
    }


def _late(application: Application, sheet: ScoreSheet, at: datetime) -> bool:
    waiting = application.state == S.ASSESSING and not sheet.ended and sheet.locked_at is None
    return waiting and sheet.due_at is not None and sheet.due_at < at


def agreement(request: HttpRequest, application: Application) -> Context:
    return standing.decided(application)


def money(request: HttpRequest, application: Application) -> Context:
    return {
        **standing.aid_context(request, application),
        "parts": content.costs(application.submission),
        "instalments": standing.instalments(application),
    }


def moves(request: HttpRequest, application: Application) -> Context:
    return {"moves": history(application)}


def inside(request: HttpRequest, application: Application) -> Context:
    return {
        **notes.context(request, application),
        **flags.context(request, application),
        **charge.context(application),
    }


TABS = (
    Tab("checks", "요건", requirements),
    Tab("papers", "서류", documents),
    Tab("answers", "답변", answers),
    Tab("inquiries", "질의", inquiries),
    Tab("assessment", "평가", assessment, (S.ASSESSING, S.DECIDED)),
    Tab("agreement", "협약", agreement, (S.RELEASED, S.CONTRACTED, S.CLOSED, S.ENDED)),
    Tab("money", "돈", money),
    Tab("history", "이력", moves),
    Tab("notes", "메모", inside),
)


def _todo(findings: list[Finding]) -> list[str]:
    pending = sum(finding.code == "check_pending" for finding in findings)
    rest = [finding.message for finding in findings if finding.code != "check_pending"]
    return [f"확인하지 않은 요건이 {pending}건 있습니다.", *rest] if pending else rest
