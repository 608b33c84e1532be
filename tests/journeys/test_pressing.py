"""The forms of applicants, assessors, panel members, suppliers and KAMP users: one that is refused
comes back with what was typed and why, and one that is sent twice succeeds twice, with one effect."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from applications.models import AgreementSignature
from applications.services.assessment import sheets
from applications.services.intake import drafting
from applications.views.delivery import deliverables as delivery_views
from kamp.models import Workspace
from portal.core.clock import now
from portal.core.errors import BadInput
from portal.models import DeclaredTie, User
from tests.factories import delivery, programs, reports, staff
from tests.factories import kamp as lab
from tests.factories import vouchers as panel
from tests.factories.agreements import World, pdf
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    SiteFactory,
    UserFactory,
    member_of,
)
from vouchers.services import corrections
from vouchers.services.reports import moderation

pytestmark = pytest.mark.django_db
WORD = "우리가 적은 말"
WHY = "시험으로 거절했습니다."


@dataclass
class Press:
    user: User
    page: str  # the page that shows the form
    url: str  # where it is sent
    data: Callable[[], dict[str, Any]]
    service: str  # what refuses or does it
    effect: Callable[[], int]  # rows that one sending makes
    typed: str = WORD  # "" where nothing is typed
    second_factor: bool = False


def _firm() -> tuple[User, Any]:
    company = CompanyFactory()
    return member_of(company), company


def register() -> Press:
    user = UserFactory()
    data = {"business_number": "124-81-00998", "name": WORD, "kind": "company"}
    url = reverse("company_new")
    return Press(user, url, url, lambda: data, f"{COMPANY}.register", user.memberships.count)


def edit_firm() -> Press:
    user, company = _firm()
    url = reverse("company_detail", args=[company.pk])
    data = {"act": "profile", "kind": "company", "opened": company.updated_at.isoformat()}
    changed = type(company).objects.filter(pk=company.pk, name=WORD)
    return Press(user, url, url, lambda: data | {"name": WORD}, f"{COMPANY}.update", changed.count)


def add_site() -> Press:
    user, company = _firm()
    url = reverse("company_detail", args=[company.pk])
    data = {"act": "site", "site-name": WORD}
    return Press(user, url, url, lambda: data, f"{COMPANY}.add_site", company.sites.count)


def invite_colleague() -> Press:
    user, company = _firm()
    url = reverse("company_detail", args=[company.pk])
    data = {"act": "invite", "invite-email": "new@example.kr", "invite-role": "editor"}
    made = company.invitations
    return Press(user, url, url, lambda: data, f"{COMPANY}.invite", made.count, "new@example.kr")


def _draft(code: str = "robot") -> Any:
    programs.load_open(now())
    company = CompanyFactory()
    site = SiteFactory(company=company)
    return drafting.start(programs.program(code), site=site, by=member_of(company), now=now())


def begin_draft() -> Press:
    programs.load_open(now())
    company = CompanyFactory()
    user, site = member_of(company), SiteFactory(company=company)
    url = reverse("application_new", args=[programs.program("robot").round.code, "robot"])
    data, service = {"site": site.pk}, "applications.services.intake.drafting.start"
    return Press(user, url, url, lambda: data, service, company.applications.count, "")


def invite_partner() -> Press:
    draft = _draft()
    url = reverse("application_step", args=[draft.pk, "partners"])
    role = draft.sub_program.partner_roles[0]["role"]
    data = {"act": "invite", "role": role, "company_name": WORD, "email": "a@partner.example"}
    service = "applications.services.intake.partners.invite"
    return Press(draft.created_by, url, url, lambda: data, service, draft.partners.count)


def withdraw() -> Press:
    filed = ApplicationFactory(filed=True)
    url = reverse("application_withdraw", args=[filed.pk])
    data = {"note": WORD, "confirmed": "on"}
    service = "applications.services.intake.filing.withdraw"
    effect = filed.moves.filter(move="withdraw").count
    return Press(filed.created_by, url, url, lambda: data, service, effect)


def sign() -> Press:
    world = World()
    world.papers()
    url = reverse("agreement_sign", args=[world.application.pk])
    shown = staff.enter(Client(), world.owner).get(url).context["text"].sha256
    data = {"sha256": shown, "agreed": "on", "name": world.owner.name}
    service = "applications.services.agreement.contracts.sign"
    effect = AgreementSignature.objects.filter(version__agreement=world.agreement).count
    return Press(world.owner, url, url, lambda: data, service, effect, world.owner.name)


def ask_for_a_change() -> Press:
    world = World(now=now()).conclude()
    url = reverse("agreement_change", args=[world.application.pk, "period"])
    later = world.day.replace(year=world.day.year + 1).isoformat()
    data = {"ends_on": later, "reason": WORD}
    service = "applications.services.agreement.amendments.request"
    effect = world.agreement.amendments.count
    return Press(world.owner, url, url, lambda: data, service, effect)


def give_up() -> Press:
    world = World().conclude()
    url = reverse("agreement_give_up", args=[world.application.pk])
    service = "applications.services.agreement.endings.request"
    effect = world.agreement.endings.count
    return Press(world.owner, url, url, lambda: {"reason": WORD}, service, effect)


def spend() -> Press:
    world = World().conclude()
    url = reverse("agreement_spending", args=[world.application.pk])
    line = {"item": "robot", "spent_on": world.day.isoformat(), "payee": WORD, "purpose": "구입"}
    service = "applications.services.settlement.spending.add"
    effect = world.agreement.spendings.count
    data = lambda: {**line, "amount_won": "1000", "upload": pdf()}  # noqa: E731
    return Press(world.owner, url, url, data, service, effect)


def record_work() -> Press:
    programs.load()
    agreement = delivery.under_way("robot")
    row = delivery.part(agreement, "installation")
    user = member_of(agreement.application.partners.get().company)
    url = reverse("delivery_detail", args=[row.pk])
    data = {"act": "entry", "on": delivery.TODAY.isoformat(), "title": "로봇", "body": WORD}
    service = f"{delivery_views.deliverables.__name__}.add_entry"
    return Press(user, url, url, lambda: data | {"files": pdf()}, service, row.entries.count)


def _sheet() -> Any:
    program = staff.program()
    application = ApplicationFactory(sub_program=program, assessing=True)
    judge = staff.assessors(1)[0]
    return sheets.assign(application, assessor=judge, by=staff.officer(program), now=NOW)


def declare_conflict() -> Press:
    sheet = _sheet()
    url = reverse("assessor_conflict", args=[sheet.pk])
    data = {"tied": "yes", "words": WORD}
    service = "applications.services.assessment.sheets.declare"
    effect = sheet.application.conflict_statements.count
    return Press(sheet.assessor, url, url, lambda: data, service, effect, second_factor=True)


def abstain() -> Press:
    sheet = _sheet()
    sheets.declare(sheet, tied=False, words="", by=sheet.assessor, now=NOW)
    url = reverse("assessor_abstain", args=[sheet.pk])
    service = "applications.services.assessment.sheets.abstain"
    effect = type(sheet).objects.filter(abstained_at__isnull=False).count
    data = {"reason": WORD}
    return Press(sheet.assessor, url, url, lambda: data, service, effect, second_factor=True)


def declare_tie() -> Press:
    user = staff.assessors(1)[0]
    url = reverse("assessor_ties")
    data = {"kind": DeclaredTie.Kind.values[0], "firm_name": WORD}
    service = "applications.services.assessment.conflicts.declare_tie"
    effect = user.declared_ties.count
    return Press(user, url, url, lambda: data, service, effect, second_factor=True)


def apply_to_panel() -> Press:
    round = panel.panel(opens_at=now(), closes_at=now().replace(year=now().year + 1))
    user = panel.person()
    page = reverse("panel_detail", args=[round.code])
    url = reverse("panel_apply", args=[round.code])
    service = "vouchers.services.recruitment.start"
    effect = round.applications.filter(user=user).count
    return Press(user, page, url, dict, service, effect, "")


def withdraw_from_panel() -> Press:
    filed = panel.application(panel.panel())
    url = reverse("panel_withdraw", args=[filed.pk])
    effect = filed.moves.filter(move="withdraw").count
    service = "vouchers.services.recruitment.withdraw"
    return Press(filed.user, url, url, dict, service, effect, "")


def leave_panel() -> Press:
    monitor = panel.monitor(reports.round())
    url = reverse("panel_leave", args=[monitor.pk])
    effect = type(monitor).objects.filter(state="left").count
    service = "vouchers.services.assignment.leave"
    return Press(monitor.user, url, url, lambda: {"reason": WORD}, service, effect)


def give_service_back() -> Press:
    made = reports.assigned(reports.round(active_until=now() + timedelta(days=9)))
    url = reverse("panel_drop", args=[made.pk])
    effect = type(made).objects.filter(state="dropped").count
    service = "vouchers.services.assignment.drop"
    return Press(made.monitor.user, url, url, lambda: {"reason": WORD}, service, effect)


def comment_on_report() -> Press:
    told = reports.submitted()
    moderation.accept(told, by=panel.moderator(), now=now(), note="확인")
    user = reports.desk(told.assignment.service.supplier)
    url = reverse("supplier_report", args=[told.pk])
    effect = lambda: int(hasattr(reports.fresh(told), "comment"))  # noqa: E731
    service = "vouchers.services.reports.moderation.comment"
    return Press(user, url, url, lambda: {"text": WORD}, service, effect)


def answer_correction() -> Press:
    case, agency = reports.raised(), panel.agency()
    corrections.verify(case, finding="열리지 않음", by=agency, now=now())
    corrections.request(case, text="고쳐 주세요.", by=agency, now=now())
    url = reverse("supplier_correction", args=[case.pk])
    user = reports.desk(case.service.supplier)
    service = "vouchers.services.corrections.answer"
    data = lambda: {"text": WORD, "uploads": reports.picture()}  # noqa: E731
    return Press(user, url, url, data, service, case.answers.count)


def open_workspace() -> Press:
    user = lab.PersonFactory()
    url = reverse("kamp_lab")
    data = {"name": WORD, "business_number": lab.business_number(7)}
    service = "kamp.services.workspaces.create"
    effect = Workspace.objects.filter(members__user=user).count
    return Press(user, url, url, lambda: data, service, effect)


def invite_to_workspace() -> Press:
    firm = lab.WorkspaceFactory()
    url = reverse("kamp_people", args=[firm.pk])
    data = {"act": "invite", "email": "new@lab.example", "role": "editor"}
    service = "kamp.services.workspaces.invite"
    effect = firm.invitations.count
    return Press(lab.member_of(firm), url, url, lambda: data, service, effect, "new@lab.example")


def make_dataset() -> Press:
    firm = lab.WorkspaceFactory()
    url = reverse("kamp_dataset_new", args=[firm.pk])
    data = {"name": WORD, "modality": "video", "process": "inspection", "purpose": "quality"}
    service = "kamp.services.datasets.create"
    effect = firm.datasets.count
    user = lab.member_of(firm)
    return Press(user, url, url, lambda: data | {"mm_per_px": "0.8"}, service, effect)


COMPANY = "applications.services.company"
PRESSES = [
    register,
    edit_firm,
    add_site,
    invite_colleague,
    begin_draft,
    invite_partner,
    withdraw,
    sign,
    ask_for_a_change,
    give_up,
    spend,
    record_work,
    declare_conflict,
    abstain,
    declare_tie,
    apply_to_panel,
    withdraw_from_panel,
    leave_panel,
    give_service_back,
    comment_on_report,
    answer_correction,
    open_workspace,
    invite_to_workspace,
    make_dataset,
]


@pytest.mark.parametrize("make", PRESSES, ids=lambda make: make.__name__)
def test_what_is_refused_comes_back_and_twice_is_once(
    make: Callable[[], Press], monkeypatch: pytest.MonkeyPatch
) -> None:
    press = make()
    client = Client()
    if press.second_factor:
        staff.enter(client, press.user)
    else:
        client.force_login(press.user)
    page = client.get(press.page)
    assert page.status_code == 200
    token = {"csrfmiddlewaretoken": str(page.context["csrf_token"])}
    before = press.effect()

    def refuse(*_: object, **__: object) -> None:
        raise BadInput(WHY, code="tried")

    with monkeypatch.context() as patched:
        patched.setattr(press.service, refuse)
        headers = {"referer": f"http://testserver{press.page}"}
        refused = client.post(press.url, press.data() | token, headers=headers, follow=True)
    told = refused.content.decode()
    assert WHY in told
    assert ("다시 골라 주세요" in told) == any(
        hasattr(one, "read") for one in press.data().values()
    )
    assert not press.typed or press.typed in told
    assert press.effect() == before

    first, second = (client.post(press.url, press.data() | token) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302), _errors(first)
    assert first["Location"] == second["Location"]
    assert _said(first) == _said(second)
    assert press.effect() == before + 1


def _errors(answer: Any) -> object:
    form = answer.context and answer.context.get("form")
    return form.errors if form else answer.content.decode()[-3000:]


def _said(answer: Any) -> list[str]:
    return [str(row) for row in get_messages(answer.wsgi_request)][-1:]


# Refusals that a page tells as a message after a redirect: buttons, and what is saved already.
TOLD_AS_MESSAGE = {
    "applications/views/assessment.py:_save_or_lock",
    "vouchers/views/recruitment.py:panel_apply",
    "vouchers/views/reports/writing.py:panel_report_review",
}


def test_no_view_turns_a_refused_form_into_a_message() -> None:
    found = set()
    for path in Path(settings.BASE_DIR).glob("*/views/**/*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for handler in ast.walk(function):
                if isinstance(handler, ast.ExceptHandler) and any(
                    isinstance(call, ast.Call)
                    and ast.unparse(call.func) in ("messages.error", "show_error")
                    for call in ast.walk(handler)
                ):
                    found.add(f"{path.relative_to(settings.BASE_DIR)}:{function.name}")
    assert found == TOLD_AS_MESSAGE
