"""Nobody acts as staff on their own firm or themselves: every move, act and signature, of every app."""

import ast
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from applications.models import (
    AgreementSignature,
    Application,
    AssessorProfile,
    DecisionChange,
    Member,
    Objection,
    ScoreSheet,
    Selection,
    Spending,
)
from applications.services import inquiries
from applications.services.agreement import contracts, endings
from applications.services.assessment import (
    committee,
    conflicts,
    exclusions,
    rubrics,
    scoring,
    sheets,
)
from applications.services.assessment import opinions as opinion_services
from applications.services.delivery import deliverables, experts
from applications.services.intake import late_filing
from applications.services.selection import aid, changes, proposals, reserve
from applications.services.settlement import spending
from applications.states import MemberRole, Outcome, Side
from kamp.models import WorkspaceMember
from portal.access import impartiality
from portal.access.impartiality import TIED, Tied
from portal.access.roles import role_names
from portal.core.errors import MoveNotAllowed
from portal.core.moves import OWNER
from portal.models import DeclaredTie, FirmLink, Stateful, User
from portal.records import workflow
from portal.staff.acts import WorkflowAdmin
from programs.models import SubProgram
from tests.factories import agreements, delivery, kamp, opinions, programs, reports, staff
from tests.factories import vouchers as panel
from tests.factories.applications import NOW, ApplicationFactory, PartnerFactory, number_of
from vouchers.models import (
    Assignment,
    AwardRound,
    ConsumerReport,
    GoodCase,
    PanelApplication,
    PanelMark,
    PanelRound,
    PanelSelection,
    SaleSuspension,
    SupplierContact,
    SupplierMember,
)
from vouchers.services import assignment, corrections, good_cases, selection, suppliers
from vouchers.services.catalogue import sale
from vouchers.services.panel import rounds
from vouchers.services.rewards import awards, fees

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[1]
LATER = NOW + timedelta(days=1)


# What rows are about


def stateful() -> list[type[Stateful]]:
    return [model for model in apps.get_models() if issubclass(model, Stateful)]


# Rows whose acts judge no firm and no person.
ABOUT_NOBODY = {
    "portal.FactorReset": "two people, neither of them the person: a constraint of its own",
    "portal.User": "nobody acts on an own account: `granting.another_only`",
    "applications.RegistryCheck": "asks about all firms of a sub-programme alike and decides nothing",
    "applications.StandIn": "who is away, of all files alike",
    "portal.Job": "a technical retry",
    "portal.Notice": "a technical retry",
    "applications.SetAct": "stops or takes back a job; who is tied is asked of each of its rows",
    "programs.Budget": "money of a pot, before it is anybody's",
    "programs.ProgramRound": "dates of a round, the same for all",
    "programs.PotProposal": "money of a pot, before it is anybody's",
    "programs.RoundProposal": "dates of a round, the same for all",
    "programs.TotalProposal": "money of a round, before it is anybody's",
    "vouchers.CatalogueImport": "enters what many suppliers sell and judges none; sales are moves",
}


def test_every_table_that_staff_act_on_says_whom_its_rows_are_about() -> None:
    screens = {
        model._meta.label
        for model, screen in admin.site._registry.items()
        if isinstance(screen, WorkflowAdmin) and screen.acts
    }
    acted_on = screens | {model._meta.label for model in stateful()}
    assert {label for label in acted_on if not _declared(label)} == set(ABOUT_NOBODY)


def _declared(label: str) -> bool:
    return impartiality.concern_of(apps.get_model(label)) is not None


def test_every_lookup_of_a_declaration_is_one_the_database_can_follow() -> None:
    person = panel.person()
    DeclaredTie.objects.create(
        user=person,
        kind="shares",
        firm_name="없는 기업",
        business_number=number_of(7),
        declared_at=NOW,
    )
    for label in impartiality._concerns():
        assert impartiality.tied(person, apps.get_model(label).objects.all()) is False, label


def test_an_undeclared_table_is_refused_and_not_passed_over() -> None:
    with pytest.raises(LookupError):
        impartiality.check(panel.person(), Group.objects.all())


# Services: a role is asked for together with the guard, except where nobody is concerned.
ROLES_ALONE = {
    "applications/services/company.py": "whether somebody is an assessor, for a recheck",
    "applications/services/statistics.py": "figures of a round",
    "applications/services/assessment/reminders.py": "a reminder judges nobody",
    "applications/services/assessment/committee.py": "whether the chosen person is an assessor",
    "applications/services/assessment/sheets.py": "whether the chosen person is an assessor",
    "applications/services/officers/charge.py": "whose file a manager may give; the guard follows",
    "applications/services/set_acts/officers.py": "the same of many; who is tied was left out before",
    "applications/services/set_acts/running.py": "skips the rows of who lost the role; ties are asked of each",
    "applications/services/delivery/deliverables.py": "which refusal is shown; the side decides",
    "applications/services/delivery/experts.py": "others get a 404; the guard follows",
    "vouchers/services/books.py": "prints what is public",
    "vouchers/services/catalogue/importing.py": "starts a job; its moves are guarded",
    "vouchers/services/recruitment.py": "whether an applicant runs the panel, who may not apply",
    "vouchers/services/conflicts.py": "links two firms with their source; more ties, never fewer",
    "kamp/services/showcases/editing.py": "an editor's own case, of no workspace",
    "programs/services/proposals.py": "dates of a round and sums of pots, before they are anybody's",
}


def test_services_ask_for_a_role_and_the_guard_together() -> None:
    found = set()
    for app in ("applications", "vouchers", "kamp", "programs"):
        for path in (ROOT / app / "services").rglob("*.py"):
            calls = (node for node in ast.walk(ast.parse(path.read_text())) if _asks(node))
            if any(calls):
                found.add(str(path.relative_to(ROOT)))
    assert found == set(ROLES_ALONE)


def _asks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "roles_of"


# Moves


def insider(company: Any) -> User:
    user = panel.person()
    Member.objects.create(company=company, user=user, role=MemberRole.OWNER, since=NOW)
    return user


def staffed(user: User) -> User:
    """Give a person every role that staff hold, on every sub-programme."""
    user.groups.add(*Group.objects.filter(name__in=role_names()))
    user.sub_programs.add(*SubProgram.objects.all())
    return User.objects.get(pk=user.pk)


def released() -> Application:
    program = staff.program()
    filed = staff.judged(program, judges=staff.assessors())
    staff.released(program, by=staff.manager())
    return Application.objects.get(pk=filed.pk)


def of_case(model: type[Model]) -> tuple[Model, User]:
    case = staff.won_objection(released())
    return model._default_manager.latest("pk"), insider(case.application.company)


def of_inquiry() -> tuple[Model, User]:
    filed = ApplicationFactory(filed=True)
    asked = inquiries.ask_staff(filed, text="x", by=filed.created_by, now=NOW)
    return asked, insider(filed.company)


def of_opinion() -> tuple[Model, User]:
    made = opinions.drafts(1)[0]
    return made, insider(made.application.company)


def of_agreement(code: str = "") -> tuple[Any, User]:
    programs.load()
    agreement = delivery.under_way("meister")
    return (agreement.deliverables.first() if code else agreement), insider(agreement.company)


def of_report(make: Callable[[ConsumerReport], Any]) -> tuple[Any, User]:
    report = reports.published()
    return make(report), report.assignment.monitor.user


def of_service() -> tuple[Any, User]:
    service = panel.service()
    return service, reports.desk(service.supplier)


def of_correction() -> tuple[Any, User]:
    case = reports.raised()
    return case, reports.desk(case.service.supplier)


def suspended() -> SaleSuspension:
    return sale.propose_suspension(panel.service(), reason="x", by=panel.agency(), now=LATER)


def recommended(report: ConsumerReport) -> GoodCase:
    return good_cases.propose(
        report, headline="좋음", reason="좋음", by=panel.operator(), now=LATER
    )


def of_panel(make: Callable[[PanelRound, PanelApplication], Any]) -> tuple[Any, User]:
    round = panel.panel()
    filed = panel.application(round)
    return make(round, filed), filed.user


def of_panel_selection(round: PanelRound, filed: PanelApplication) -> PanelSelection:
    return PanelSelection.objects.create(
        round=round,
        number=1,
        rules={},
        inputs=[],
        inputs_sha256="0" * 64,
        results_sha256="0" * 64,
        requested_by=panel.operator(),
        requested_at=NOW,
    )


def of_awards() -> tuple[AwardRound, User]:
    report = reports.accepted(reports.assigned(reports.round()))
    made = awards.propose(report.assignment.round, by=panel.operator(), now=LATER)
    return made, report.assignment.monitor.user


def of_case_of_kamp() -> tuple[Any, User]:
    workspace = kamp.WorkspaceFactory()
    member = kamp.member_of(workspace)
    return kamp.draft(member, workspace=workspace), member


def of_model_of_kamp() -> tuple[Any, User]:
    workspace = kamp.WorkspaceFactory()
    member = kamp.member_of(workspace)
    return kamp.trained(kamp.dataset_of(workspace), by=member), member


def given(pick: Callable[[Assignment], Any]) -> tuple[Any, User]:
    made = reports.assigned(reports.round())
    return pick(made), made.monitor.user


# A row of every table with moves, and somebody who is tied to it.
ROWS: dict[str, Callable[[], tuple[Any, User]]] = {
    "applications.Application": lambda: (filed := released(), insider(filed.company)),
    "applications.Selection": lambda: of_case(Selection),
    "applications.DecisionChange": lambda: of_case(DecisionChange),
    "applications.Objection": lambda: of_case(Objection),
    "applications.Inquiry": of_inquiry,
    "applications.Opinion": of_opinion,
    "applications.Agreement": of_agreement,
    "applications.Deliverable": lambda: of_agreement("part"),
    "vouchers.Service": of_service,
    "vouchers.PanelApplication": lambda: of_panel(lambda round, filed: filed),
    "vouchers.PanelSelection": lambda: of_panel(of_panel_selection),
    "vouchers.Monitor": lambda: given(lambda made: made.monitor),
    "vouchers.AssignmentRun": lambda: given(lambda made: made.run),
    "vouchers.Assignment": lambda: given(lambda made: made),
    "vouchers.ConsumerReport": lambda: of_report(lambda report: report),
    "vouchers.GoodCase": lambda: of_report(recommended),
    "vouchers.Correction": of_correction,
    "vouchers.SaleSuspension": lambda: (made := suspended(), reports.desk(made.service.supplier)),
    "vouchers.AwardRound": of_awards,
    "kamp.Showcase": of_case_of_kamp,
    "kamp.InspectionModel": of_model_of_kamp,
}
# Moves that a tied person may make: the abstention that the tie calls for, and the submission of a
# sheet, which `conflicts` judges by more ties and which a member of the firm is refused below.
BY_TIED = {"applications.Application": {"abstain", "lock_sheet"}}


@pytest.mark.parametrize("label", sorted(model._meta.label for model in stateful()))
def test_every_move_of_staff_is_refused_to_a_tied_person_and_changes_nothing(label: str) -> None:
    thing, user = ROWS[label]()
    tied = staffed(user)
    model = type(thing)
    assert impartiality.tied(tied, thing)
    assert not impartiality.tied(staffed(panel.person()), thing)
    of_staff = [move for move in model.MOVES.values() if set(move.roles) & role_names()]
    assert {move.name for move in model.MOVES.values() if move.by_tied} == BY_TIED.get(label, set())
    for move in of_staff:
        if move.by_tied:
            continue
        for source in move.source:
            thing.state = source
            before = model.MOVE_LOG.objects.count()
            with pytest.raises(Tied) as refused:
                workflow.move(thing, move, by=tied, now=LATER, note="사유")
            assert refused.value.message == TIED
            assert (thing.state, model.MOVE_LOG.objects.count()) == (source, before)


@pytest.mark.parametrize("label", ["applications.Application", "vouchers.Service"])
def test_many_moved_together_are_refused_when_one_of_them_is_tied(label: str) -> None:
    thing, user = ROWS[label]()
    model = type(thing)
    move = model.MOVES["assign" if label.startswith("a") else "suspend"]
    model.objects.filter(pk=thing.pk).update(state=move.source[0])
    with pytest.raises(Tied):
        workflow.move_many(model.objects.all(), move, by=staffed(user), now=LATER, note="사유")
    assert workflow.move_many(
        model.objects.all(), move, by=staffed(panel.person()), now=LATER, note="사유"
    )


# Acts that are no moves


def screening() -> tuple[Application, User]:
    filed = staff.judged(staff.program(), judges=staff.assessors())
    return filed, insider(filed.company)


def acts_on_an_application() -> Iterator[tuple[Callable[..., Any], User]]:
    filed, user = screening()
    tied, program = staffed(user), filed.sub_program
    words: dict[str, Any] = {"by": tied, "now": LATER}
    judge = staff.assessors(1)[0]
    yield lambda: sheets.assign(filed, assessor=judge, **words), tied
    yield lambda: committee.propose(program, seed=1, **words), tied
    yield (
        lambda: committee.wish(filed, assessor=judge, kind="forbid", reason="x", **words),
        tied,
    )
    yield lambda: committee.end_wish(filed, assessor=judge, **words), tied
    yield lambda: scoring.start(program, **words), tied
    yield lambda: rubrics.renew(program, reason="x", **words), tied
    yield lambda: aid.allow(filed, limit="x", reason="x", **words), tied
    yield lambda: reserve.fill(program, **words), tied
    yield (
        lambda: changes.propose(
            filed, kind="reversal", outcome=Outcome.SELECTED, reason="x", **words
        ),
        tied,
    )
    yield lambda: contracts.draft(filed, **words), tied
    yield lambda: inquiries.ask_firm(filed, text="x", **words), tied
    yield (
        lambda: late_filing.grant(
            program, company=filed.company, site=None, until=LATER, reason="x", **words
        ),
        tied,
    )
    said = opinions.published(opinions.drafts(1)[0])
    outside = {"by": staffed(insider(said.application.company)), "now": LATER}
    yield lambda: opinion_services.correct(said, reason="x", **outside), outside["by"]
    run = staff.scored(program, staff.officer(program))
    yield lambda: proposals.start(run, **words), tied


def acts_on_an_agreement() -> Iterator[tuple[Callable[..., Any], User]]:
    agreement, user = of_agreement()
    tied = staffed(user)
    words: dict[str, Any] = {"by": tied, "now": LATER}
    part = agreement.deliverables.first()
    line = Spending(agreement=agreement, amount_won=1_000)
    yield lambda: spending.judge(line, allowed_won=1_000, reason="", **words), tied
    yield lambda: experts.assign(part, expert=delivery.expert(), **words), tied
    yield lambda: deliverables.stop(part, note="x", **words), tied
    yield lambda: endings.request(agreement, kind="terminate", reason="x", **words), tied
    one = delivery.expert(state="applied", checked_by=None, checked_at=None)
    own = {"by": staffed(one.user), "now": LATER}
    yield lambda: experts.judge(one, verified=True, reason="", **own), tied


def acts_on_the_panel() -> Iterator[tuple[Callable[..., Any], User]]:
    fee = reports.accepted(reports.assigned(reports.round())).fee
    given = fee.report.assignment
    tied = staffed(given.monitor.user)
    words: dict[str, Any] = {"by": tied, "now": LATER}
    yield lambda: fees.pay(fee, **words), tied
    yield lambda: fees.withhold(fee, note="x", **words), tied
    yield lambda: awards.propose(given.round, **words), tied
    yield lambda: selection.propose(given.round, **words), tied
    yield lambda: assignment.start(given.round, seed=1, **words), tied
    yield (
        lambda: assignment.set_rule(given.monitor, given.service, kind="pin", reason="x", **words),
        tied,
    )
    yield (
        lambda: corrections.raise_issue(fee.report, kind="improvement", text="x", **words),
        tied,
    )
    yield lambda: good_cases.propose(fee.report, headline="x", reason="x", **words), tied
    seller = staffed(reports.desk(given.service.supplier))
    own: dict[str, Any] = {"by": seller, "now": LATER}
    yield lambda: rounds.cover(given.round, [given.service], **own), seller
    yield lambda: rounds.uncover(given.round, [given.service], by=seller), seller
    yield lambda: suppliers.add_member(given.service.supplier, user=tied, **own), seller


@pytest.mark.parametrize(
    "acts",
    [acts_on_an_application, acts_on_an_agreement, acts_on_the_panel],
    ids=lambda f: f.__name__,
)
def test_acts_that_are_no_moves_are_refused_alike(acts: Callable[[], Any]) -> None:
    for act, _ in acts():
        with transaction.atomic(), pytest.raises(Tied) as refused:
            act()
        assert refused.value.message == TIED


def test_a_competitor_marks_nobody_of_the_same_round() -> None:
    round = panel.panel()
    rival, own = panel.application(round), panel.application(round)
    operator = staffed(own.user)
    for row in (own, rival):
        with pytest.raises(Tied):
            selection.mark(
                row, points={"expertise": 50, "interest": 50}, reason="x", by=operator, now=NOW
            )
    assert not PanelMark.objects.exists()
    elsewhere = panel.application(panel.panel())
    points = {"expertise": 50, "interest": 50}
    assert selection.mark(elsewhere, points=points, reason="x", by=operator, now=NOW)


# What ties


def by_membership(user: User, filed: Application) -> None:
    Member.objects.create(company=filed.company, user=user, role=MemberRole.VIEWER, since=NOW)


def by_partner(user: User, filed: Application) -> None:
    partner = PartnerFactory(application=filed, accepted=True)
    Member.objects.create(company=partner.company, user=user, role=MemberRole.VIEWER, since=NOW)


def by_employer(user: User, filed: Application) -> None:
    AssessorProfile.objects.create(user=user, business_number=filed.company.business_number)


def by_seller(user: User, filed: Application) -> None:
    seller = panel.supplier(business_number=filed.company.business_number)
    SupplierMember.objects.create(supplier=seller, user=user, since=NOW)


def by_workspace(user: User, filed: Application) -> None:
    own = kamp.WorkspaceFactory(business_number=filed.company.business_number)
    WorkspaceMember.objects.create(workspace=own, user=user, role="owner", since=NOW)


def by_declared_number(user: User, filed: Application) -> None:
    declare(user, "다른 이름", filed.company.business_number)


def by_declared_name(user: User, filed: Application) -> None:
    declare(user, f"주식회사 {filed.company.name}", "")


def by_links(user: User, filed: Application) -> None:
    between, own = number_of(70_001), number_of(70_002)
    declare(user, "지주", own)
    for one, other in ((own, between), (between, filed.company.business_number)):
        FirmLink.objects.create(
            one=min(one, other),
            other=max(one, other),
            kind="shares",
            origin="공시",
            recorded_at=NOW,
        )


def declare(user: User, name: str, number: str) -> None:
    DeclaredTie.objects.create(
        user=user, kind="family", firm_name=name, business_number=number, declared_at=NOW
    )


def not_by_domain(user: User, filed: Application) -> None:
    member = insider(filed.company)
    User.objects.filter(pk=member.pk).update(email="boss@agency.example")
    User.objects.filter(pk=user.pk).update(email="officer@agency.example")


def not_by_telephone_or_place(user: User, filed: Application) -> None:
    filed.company.phone, filed.company.address = user.phone, "서울특별시 중구 세종대로 110"
    filed.company.save()
    AssessorProfile.objects.create(user=user, address="서울특별시 중구 세종대로 110")


def not_by_an_invitation(user: User, filed: Application) -> None:
    PartnerFactory(application=filed, email=user.email)


@pytest.mark.parametrize(
    "kind",
    [
        by_membership, by_partner, by_employer, by_seller, by_workspace, by_declared_number,
        by_declared_name, by_links, not_by_domain, not_by_telephone_or_place, not_by_an_invitation,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_what_ties_is_what_the_firm_cannot_write_alone(kind: Callable[..., None]) -> None:
    filed, user = ApplicationFactory(assessing=True), panel.person()
    assert not impartiality.tied(user, filed)
    kind(user, filed)
    user = User.objects.get(pk=user.pk)
    assert impartiality.tied(user, filed) == kind.__name__.startswith("by_")


def test_a_second_verified_address_counts_and_an_unverified_one_does_not() -> None:
    service, operator = panel.service(), panel.operator()
    SupplierContact.objects.create(supplier=service.supplier, name="연락", email="me@shop.example")
    own = EmailAddress.objects.create(user=operator, email="ME@shop.example")
    assert not impartiality.tied(operator, service)
    own.verified = True
    own.save()
    assert impartiality.tied(operator, service)


# People who become tied


def test_who_joins_the_firm_loses_the_buttons_and_the_second_signature(client: Client) -> None:
    programs.load()
    world = agreements.World()
    world.papers()
    world.sign()
    boss = world.manager
    page = reverse("admin:applications_agreement_change", args=[world.agreement.pk])
    act = reverse("admin:applications_agreement_act", args=[world.agreement.pk, "conclude"])
    staff.enter(client, boss)
    assert act in client.get(page).text
    Member.objects.create(
        company=world.agreement.company, user=boss, role=MemberRole.VIEWER, since=NOW
    )
    assert act not in client.get(page).text
    answer = client.get(act, follow=True)
    assert TIED in answer.text
    with pytest.raises(Tied):
        contracts.conclude(world.fresh(), **world.words(boss))
    assert not AgreementSignature.objects.filter(side=Side.MINISTRY).exists()


# The database


def test_the_database_refuses_both_signatures_by_one_person_and_one_by_an_insider() -> None:
    programs.load()
    world = agreements.World()
    world.sign()
    firm = AgreementSignature.objects.get()
    words = {
        "version": firm.version,
        "side": Side.MINISTRY,
        "name": "x",
        "wording": "1",
        "consent": "x",
        "sha256": firm.sha256,
        "at": LATER,
    }
    outsider = panel.person()
    for signer in (firm.by, insider(world.agreement.company)):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgreementSignature.objects.create(by=signer, **words)
    AgreementSignature.objects.filter(pk=firm.pk)
    Member.objects.filter(user=firm.by).delete()  # left the firm, but is still the same person
    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementSignature.objects.create(by=firm.by, **words)
    assert AgreementSignature.objects.create(by=outsider, **words)


LOGGED = ["applications.Application", "applications.Selection", "applications.Objection",
          "applications.DecisionChange", "applications.Agreement", "applications.Deliverable",
          "vouchers.Service", "vouchers.PanelApplication", "vouchers.ConsumerReport",
          "vouchers.Correction", "vouchers.SaleSuspension", "kamp.Showcase"]  # fmt: skip


@pytest.mark.parametrize("label", LOGGED)
def test_the_database_takes_no_staff_move_of_an_insider(label: str) -> None:
    thing, insider = ROWS[label]()
    model = type(thing)
    for move in model.MOVES.values():
        row = {
            "thing": thing,
            "move": move.name,
            "source": move.source[0],
            "target": move.target,
            "at": LATER,
            "note": "x",
        }
        if OWNER in move.roles or move.by_tied:
            continue
        with pytest.raises(IntegrityError), transaction.atomic():
            model.MOVE_LOG.objects.create(by=insider, **row)
        model.MOVE_LOG.objects.create(by=panel.person(), **row)


def test_a_member_of_the_firm_submits_no_sheet_whatever_was_decided() -> None:
    judge = staff.assessors(1)[0]
    filed = staff.judged(staff.program(), judges=[])
    sheet = staff.opened(filed, judge, staff.officer(filed.sub_program))
    Member.objects.create(company=filed.company, user=judge, role=MemberRole.VIEWER, since=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreSheet.objects.filter(pk=sheet.pk).update(locked_at=NOW, sha256="0" * 64)
    conflicts.refresh(conflicts.watched(), now=LATER)
    with pytest.raises(MoveNotAllowed) as refused:
        exclusions.propose(
            sheet, kind="keep", reason="x", by=staff.officer(filed.sub_program), now=LATER
        )
    assert refused.value.code == "member"


def test_a_signer_who_joined_after_the_check_is_told_in_the_same_words() -> None:
    filed, user = screening()
    tied = staffed(user)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impartiality, "check", lambda by, about: None)
        with pytest.raises(Tied) as refused, transaction.atomic():
            workflow.move(filed, Application.MOVES["unassign"], by=tied, now=LATER, note="x")
    assert refused.value.message == TIED
