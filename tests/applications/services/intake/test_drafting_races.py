"""Two at once, on PostgreSQL: one draft per site, no lost text, always an owner, one answer."""

import pytest
from django.db import connection

from applications.models import Application, Company, Member, Partner, Section
from applications.queries.intake.drafting import load
from applications.services import company
from applications.services.intake import drafting, partners
from applications.states import ApplicationState, MemberRole
from portal.core.errors import BadInput, MoveNotAllowed
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    MemberFactory,
    PartnerFactory,
    SiteFactory,
    SubProgramFactory,
    member_of,
)
from tests.faults.together import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 12
TITLE = [{"code": "title", "kind": "text", "label": "과제 이름"}]


def test_a_site_gets_one_draft_however_many_begin_at_once():
    site, scheme = SiteFactory(), SubProgramFactory()
    by = member_of(site.company)
    began = at_once(THREADS, lambda place: drafting.start(scheme, site=site, by=by, now=NOW))
    assert {draft.pk for draft in began} == {Application.objects.get().pk}
    assert Section.objects.count() == 1


def test_without_the_constraint_there_would_be_many_drafts():
    site, scheme = SiteFactory(), SubProgramFactory()
    by = member_of(site.company)
    constraint = next(
        row
        for row in Application._meta.constraints
        if row.name == "one_active_application_per_site"
    )
    with connection.schema_editor() as editor:
        editor.remove_constraint(Application, constraint)
    try:
        at_once(THREADS, lambda place: drafting.start(scheme, site=site, by=by, now=NOW))
        assert Application.objects.count() > 1
    finally:
        Section.objects.all().delete()
        Application.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Application, constraint)


def test_of_many_saves_on_one_version_one_wins_and_none_is_lost():
    draft = ApplicationFactory(sub_program=SubProgramFactory(questions=TITLE))
    for version in range(5):

        def save(place: int, version: int = version) -> str:
            text = f"{version}-{place}"
            drafting.save_section(
                draft,
                name="plan",
                data={"title": text},
                version=version,
                by=draft.created_by,
                now=NOW,
            )
            return text

        answers = at_once(THREADS, save)
        won = [answer for answer in answers if isinstance(answer, str)]
        lost = [answer for answer in answers if isinstance(answer, drafting.Conflict)]
        assert (len(won), len(lost)) == (1, THREADS - 1)
        assert draft.sections.get().data == {"title": won[0]}
    assert draft.sections.get().version == 5


TWO_TEXTS = [*TITLE, {"code": "why", "kind": "text", "label": "까닭"}]


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("turn", range(5))
def test_two_people_in_two_fields_of_one_step_both_keep_their_text(turn: int, begun: bool):
    draft = ApplicationFactory(sub_program=SubProgramFactory(questions=TWO_TEXTS))
    if begun:
        by = {"by": draft.created_by, "now": NOW}
        drafting.save_section(draft, name="plan", data={"title": ""}, version=0, **by)
    dossiers, codes = [load(draft) for _ in range(2)], ("title", "why")

    def save(place: int) -> str:
        words = {"version": 0, "based": dict.fromkeys(codes, ""), "by": draft.created_by}
        data = {codes[place]: f"{turn}"}
        drafting.save_step(dossiers[place], name="plan", data=data, now=NOW, **words)
        return "saved"

    assert at_once(2, save) == ["saved", "saved"]
    section = draft.sections.get(name="plan")
    assert section.data == {"title": f"{turn}", "why": f"{turn}"}
    assert section.version == 2 + begun


def test_of_many_who_change_one_field_one_wins_and_the_others_are_asked():
    draft = ApplicationFactory(sub_program=SubProgramFactory(questions=TITLE))
    dossiers = [load(draft) for _ in range(THREADS)]

    def save(place: int) -> str:
        words = {"version": 0, "based": {"title": ""}, "by": draft.created_by, "now": NOW}
        drafting.save_step(dossiers[place], name="plan", data={"title": f"{place}"}, **words)
        return f"{place}"

    answers = at_once(THREADS, save)
    won = [answer for answer in answers if isinstance(answer, str)]
    lost = [answer for answer in answers if isinstance(answer, drafting.Conflict)]
    assert (len(won), len(lost)) == (1, THREADS - 1)
    assert draft.sections.get(name="plan").data == {"title": won[0]}


def test_filing_and_saving_never_overlap():
    draft = ApplicationFactory(sub_program=SubProgramFactory(questions=TITLE))
    read = draft.version

    def act(place: int) -> str:
        if place:
            drafting.save_section(
                draft,
                name="plan",
                data={"title": "글"},
                version=0,
                by=draft.created_by,
                now=NOW,
            )
            return "saved"
        filed = Application.objects.filter(
            pk=draft.pk, state=ApplicationState.DRAFT, version=read
        ).update(state=ApplicationState.SUBMITTED, number="2021-시험-9차-1", submitted_at=NOW)
        return "filed" if filed else "refused"

    answers = at_once(2, act)
    draft.refresh_from_db()
    if answers[0] == "filed":
        assert isinstance(answers[1], MoveNotAllowed)
        assert not draft.sections.exists()
    else:
        assert answers == ["refused", "saved"]
        assert draft.state == ApplicationState.DRAFT


def test_two_owners_who_leave_at_once_leave_one_behind():
    first = MemberFactory()
    second = MemberFactory(company=first.company)
    members = [first, second]
    answers = at_once(
        2, lambda place: company.remove(members[place], by=members[place].user, now=NOW)
    )
    assert sorted(type(answer) for answer in answers if answer) == [BadInput]
    assert Member.objects.get(company=first.company).role == MemberRole.OWNER


def test_a_business_number_is_registered_once():
    people = [member_of(CompanyFactory()) for _ in range(THREADS)]
    before = Company.objects.count()
    data = {"business_number": "124-81-00998", "name": "한빛정밀"}
    answers = at_once(THREADS, lambda place: company.register(data=data, by=people[place], now=NOW))
    assert sum(isinstance(answer, Company) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, BadInput)} == {"company_taken"}
    assert Company.objects.count() == before + 1


def test_an_invitation_is_answered_once():
    asked = PartnerFactory()
    firm = CompanyFactory()
    seller = member_of(firm)

    def act(place: int) -> Partner:
        if place % 2:
            return partners.accept(asked, company=firm, by=seller, now=NOW)
        return partners.refuse(asked, by=seller, now=NOW, note="")

    answers = at_once(THREADS, act)
    assert sum(isinstance(answer, Partner) for answer in answers) == 1
