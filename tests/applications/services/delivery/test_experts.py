"""Experts: evidence verified by others, matched without ties, room and fields respected."""

import pytest
from django.core.files.base import ContentFile

from applications.models import Deliverable, Expert
from applications.services.delivery import experts
from applications.states import ExpertState
from demo.samples import sample_pdf
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import DeclaredTie, Notice
from programs.models import ProgramRound
from tests.factories import programs, staff
from tests.factories.applications import NOW, MemberFactory, UserFactory
from tests.factories.delivery import expert, officer_of, part, under_way

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue() -> None:
    programs.load()


def ask(by, **changes) -> Expert:
    fields = {
        "pool": "meister",
        "route": "large_plant",
        "fields": ["quality"],
        "regions": ["gyeonggi"],
        "years": 21,
        "evidence": ContentFile(sample_pdf("경력"), name="경력증명서.pdf"),
    }
    return experts.apply(ProgramRound.objects.get(), **{**fields, **changes}, by=by, now=NOW)


def test_a_career_is_verified_by_somebody_else_and_told() -> None:
    asked = ask(UserFactory())
    with pytest.raises(MoveNotAllowed):
        experts.judge(asked, verified=True, reason="", by=asked.user, now=NOW)
    done = experts.judge(asked, verified=True, reason="", by=staff.manager(), now=NOW)
    assert done.state == ExpertState.VERIFIED
    assert Notice.objects.filter(key=f"expert_judged:{asked.pk}").exists()
    with pytest.raises(MoveNotAllowed):
        experts.judge(asked, verified=False, reason="x", by=staff.manager(), now=NOW)


def test_one_place_in_a_pool_until_it_is_refused() -> None:
    person = UserFactory()
    asked = ask(person)
    with pytest.raises(MoveNotAllowed) as refused:
        ask(person)
    assert refused.value.code == "already_expert"
    experts.judge(asked, verified=False, reason="증빙이 흐립니다.", by=staff.manager(), now=NOW)
    assert ask(person).state == ExpertState.APPLIED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"pool": "none"}, "pool"),
        ({"route": "none"}, "route"),
        ({"fields": []}, "fields"),
        ({"regions": ["moon"]}, "regions"),
        ({"pool": "consultant", "route": "institution"}, "institution"),
        ({"evidence": ContentFile(b"MZ", name="a.pdf")}, "file_mismatch"),
    ],
)
def test_what_is_missing_is_refused_with_its_code(changes, code) -> None:
    with pytest.raises(BadInput) as refused:
        ask(UserFactory(), **changes)
    assert refused.value.code == code
    assert not Expert.objects.exists()


def test_the_institution_is_a_declared_tie() -> None:
    person = UserFactory()
    ask(
        person,
        pool="consultant",
        route="institution",
        institution="한빛컨설팅",
        institution_number="124-81-00998",
    )
    assert DeclaredTie.objects.get(user=person).business_number == "1248100998"


def test_an_expert_with_a_tie_is_never_assigned() -> None:
    agreement = under_way("meister")
    member = MemberFactory(company=agreement.company).user
    with pytest.raises(RuleBroken):
        experts.assign(
            part(agreement, "dispatch"),
            expert=expert(user=member),
            by=officer_of(agreement),
            now=NOW,
        )


def test_an_expert_takes_no_more_firms_than_there_is_room_for() -> None:
    one, other = under_way("meister"), under_way("meister")
    meister = expert(capacity=1)
    experts.assign(part(one, "dispatch"), expert=meister, by=officer_of(one), now=NOW)
    with pytest.raises(RuleBroken) as refused:
        experts.assign(part(other, "dispatch"), expert=meister, by=officer_of(other), now=NOW)
    assert [row.code for row in refused.value.findings] == ["expert_full"]


def test_others_than_staff_cannot_match() -> None:
    agreement = under_way("meister")
    with pytest.raises(NotFound):
        experts.propose(
            agreement.application.sub_program, pool="meister", seed=1, by=UserFactory(), now=NOW
        )


def test_a_match_is_repeatable_explains_what_is_short_and_is_confirmed_once() -> None:
    agreements = [under_way("meister") for _ in range(3)]
    tied = expert(capacity=2)
    MemberFactory(company=agreements[0].company, user=tied.user)
    officer, program = officer_of(agreements[0]), agreements[0].application.sub_program
    first = experts.propose(program, pool="meister", seed=7, by=officer, now=NOW)
    again = experts.propose(program, pool="meister", seed=7, by=officer, now=NOW)
    assert (first.pairs, first.inputs_sha256) == (again.pairs, again.inputs_sha256)
    assert {pair[0] for pair in first.pairs} == {tied.pk}
    assert len(first.pairs) == 2
    assert any("이해관계" in words for words in first.shortages)
    assert any("1자리가 모자랍니다" in words for words in first.shortages)
    assert experts.confirm(first, by=officer, now=NOW) == 2
    with pytest.raises(MoveNotAllowed):
        experts.confirm(first, by=officer, now=NOW)
    with pytest.raises(StaleVersion):
        experts.confirm(again, by=officer, now=NOW)
    assert Deliverable.objects.filter(expert=tied).count() == 2
    assert not Deliverable.objects.filter(agreement=agreements[0], expert=tied).exists()


@pytest.mark.parametrize(("field", "region", "chosen"), [(100, 40, "able"), (40, 100, "near")])
def test_what_counts_how_much_is_a_figure_of_the_pool(field, region, chosen) -> None:
    agreement = under_way("meister")
    application = agreement.application
    program = application.sub_program
    wanted = application.submission.content["answers"][
        part(agreement, "dispatch").spec["matched_on"]
    ]
    people = {
        "able": expert(fields=wanted, regions=["jeju"]),
        "near": expert(fields=["logistics"], regions=[application.region]),
    }
    row = next(row for row in program.round.pools if row["code"] == "meister")
    row.update(fit_field=field, fit_region=region)
    made = experts.propose(program, pool="meister", seed=1, by=officer_of(agreement), now=NOW)
    assert made.pairs == [[people[chosen].pk, part(agreement, "dispatch").pk]]


def told(kind: str) -> list:
    rows = Notice.objects.filter(key__startswith=f"expert_{kind}").order_by("pk")
    return [row.user for row in rows]


def test_who_is_replaced_is_told_and_who_comes_back_is_told_again() -> None:
    agreement = under_way("meister")
    officer, first, second = officer_of(agreement), expert(), expert()
    for one in (first, second, first):
        experts.assign(part(agreement, "dispatch"), expert=one, by=officer, now=NOW)
    assert told("assigned") == [first.user, second.user, first.user]
    assert told("released") == [first.user, second.user]
    with pytest.raises(MoveNotAllowed) as refused:
        experts.assign(part(agreement, "dispatch"), expert=first, by=officer, now=NOW)
    assert refused.value.code == "same_expert"


def test_of_two_who_assign_at_once_the_second_is_refused() -> None:
    agreement = under_way("meister")
    officer, first, second = officer_of(agreement), expert(), expert()
    seen = part(agreement, "dispatch")  # both read the page before either of them assigned
    experts.assign(part(agreement, "dispatch"), expert=first, by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed):
        experts.assign(seen, expert=second, by=officer, now=NOW)
    assert part(agreement, "dispatch").expert == first
    assert told("assigned") == [first.user]
