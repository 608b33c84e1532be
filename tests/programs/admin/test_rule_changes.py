"""Every rule of an announced sub-programme: one manager alone changes none, two change it on record."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from portal.core.clock import now
from portal.core.errors import MoveNotAllowed, RuleBroken
from portal.models import User
from programs.models import RuleChange, RuleProposal, SubProgram
from programs.queries import rule_changes as queries
from programs.roles import MANAGER
from programs.rules import rule_changes as rules
from programs.services import rule_changes
from tests.factories.applications import UserFactory
from tests.factories.programs import program
from tests.programs.admin.test_screens import fields_of, staff_client, text, url

pytestmark = pytest.mark.usefixtures("round_2021")
CODE = "build"  # the sub-programme with tracks, bonus items and documents with conditions

# (part, field, what is typed, what is stored then); other fields that must move with it stand beside.
TABLE = [
    ("subprogram", "intake", {"intake": "rolling"}, "rolling"),
    ("subprogram", "quota_count", {"quota_count": "4321"}, 4321),
    ("subprogram", "quota_kind", {"quota_kind": "exact"}, "exact"),
    ("subprogram", "rounding_won", {"rounding_won": "10000"}, 10000),
    ("subprogram", "minimum_sheets", {"minimum_sheets": "2"}, 2),
    ("subprogram", "trim_from", {"trim_from": "7"}, 7),
    ("subprogram", "decimals", {"decimals": "1"}, 1),
    ("subprogram", "floor", {"floor": "10"}, "10.00"),
    ("subprogram", "bonus_cap", {"bonus_cap": "9"}, 9),
    ("subprogram", "blind", {"blind": "on"}, True),
    ("subprogram", "assessors", {"assessors": "8"}, 8),
    ("subprogram", "fit_program", {"fit_program": "11"}, 11),
    ("subprogram", "fit_industry", {"fit_industry": "12"}, 12),
    ("subprogram", "fit_region", {"fit_region": "13"}, 13),
    ("subprogram", "fit_load", {"fit_load": "14"}, 14),
    ("subprogram", "supplement_days", {"supplement_days": "3"}, 3),
    ("subprogram", "objection_days", {"objection_days": "4"}, 4),
    ("subprogram", "objection_answer_days", {"objection_answer_days": "5"}, 5),
    *(
        ("subprogram", f"due_policies.{period}", {f"due_{period}": "end_of_day"}, "end_of_day")
        for period in ("supplement_days", "objection_days", "objection_answer_days")
    ),
    ("track", "code", {"tracks-0-code": "other"}, "other"),
    ("track", "grant_kind", {"tracks-0-grant_kind": "requested"}, "requested"),
    ("track", "cap_won", {"tracks-0-cap_won": "90000000"}, 90_000_000),
    ("track", "share_percent", {"tracks-0-share_percent": "51"}, 51),
    ("track", "flat_won", {"tracks-0-flat_won": "800000"}, 800_000),
    ("track", "planning_won", {"tracks-0-planning_won": "700000"}, 700_000),
    ("track", "days", {"tracks-0-days": "9"}, 9),
    ("track", "months", {"tracks-0-months": "8"}, 8),
    ("criterion", "code", {"criteria-0-code": "other"}, "other"),
    ("criterion", "label", {"criteria-0-label": "다른 이름"}, "다른 이름"),
    ("criterion", "guide", {"criteria-0-guide": "다른 기준"}, "다른 기준"),
    ("criterion", "max_points", "swap", None),
    ("criterion", "core", "core", None),
    ("criterion", "skippable", "skippable", True),
    ("bonusitem", "code", {"bonus_items-0-code": "other"}, "other"),
    ("bonusitem", "label", {"bonus_items-0-label": "다른 가점"}, "다른 가점"),
    ("bonusitem", "points", {"bonus_items-0-points": "7"}, 7),
    ("bonusitem", "guide", {"bonus_items-0-guide": "다른 기준"}, "다른 기준"),
    ("bonusitem", "industry_hints", {"bonus_items-0-industry_hints": '["24"]'}, ["24"]),
    ("bonusitem", "question", {"bonus_items-0-question": "other"}, "other"),
    ("requireddocument", "code", {"documents-0-code": "other"}, "other"),
    ("requireddocument", "label", {"documents-0-label": "다른 서류"}, "다른 서류"),
    ("requireddocument", "guide", {"documents-0-guide": "다른 안내"}, "다른 안내"),
    ("requireddocument", "required", "required", None),
    (
        "requireddocument",
        "when",
        {"documents-0-when": '{"region": ["seoul"]}'},
        {"region": ["seoul"]},
    ),
    ("requireddocument", "formats", {"documents-0-formats": '["png"]'}, ["png"]),
    ("requireddocument", "max_files", {"documents-0-max_files": "6"}, 6),
]


def typed(sent: dict[str, str], change: object) -> dict[str, str]:
    """Return the form with a change typed into it."""
    form = dict(sent)
    if change == "swap":
        form["criteria-0-max_points"] = str(int(sent["criteria-0-max_points"]) + 1)
        form["criteria-1-max_points"] = str(int(sent["criteria-1-max_points"]) - 1)
    elif change == "core":
        (old,) = [n for n in range(9) if f"criteria-{n}-core" in sent]
        new = next(n for n in range(9) if n != old and f"criteria-{n}-code" in sent)
        del form[f"criteria-{old}-core"]
        form.pop(f"criteria-{new}-skippable", None)
        form[f"criteria-{new}-core"] = "on"
    elif change == "skippable":
        row = next(n for n in range(9) if f"criteria-{n}-core" not in sent)
        form[f"criteria-{row}-skippable"] = "on"
    elif change == "required":
        if form.pop("documents-0-required", None) is None:
            form["documents-0-required"] = "on"
    else:
        form |= change  # type: ignore[operator]
    return form | {"why": "심의위원회 의결"}


def state(row: SubProgram) -> list[object]:
    """Return every rule of a sub-programme as data."""
    row = SubProgram.objects.get(pk=row.pk)
    rows = [row, *row.tracks.order_by("pk"), *row.criteria.order_by("pk")]
    rows += [*row.bonus_items.order_by("pk"), *row.documents.order_by("pk")]
    return [
        [queries.value_of(each, name) for name in rules.FIELDS[each._meta.model_name]]
        for each in rows
    ]


def test_the_table_names_every_rule() -> None:
    every = {(part, name) for part, names in rules.FIELDS.items() for name in names}
    assert {(part, name) for part, name, _, _ in TABLE} == every


def locked(program: SubProgram, **when: object) -> dict[str, str]:
    return dict.fromkeys(rules.WORDS, "시험 사유로 바꿀 수 없습니다.")


@pytest.fixture(scope="module")
def form(catalogue_2021, django_db_blocker) -> dict[str, str]:
    """Return the form of the sub-programme as its page sends it back, read once."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            client, _ = staff_client(MANAGER)
            page = text(client.get(url("subprogram", "change", program(CODE).pk)))
            transaction.set_rollback(True)
        return {name: value for name, value in fields_of(page).items() if name != "seen"}


@pytest.mark.parametrize(("part", "name", "change", "stored"), TABLE)
def test_a_rule_changes_by_two_managers_on_record(
    settings, form: dict[str, str], part: str, name: str, change: object, stored: object
) -> None:
    client, one = staff_client(MANAGER)
    row, second = program(CODE), UserFactory(roles=[MANAGER])
    before = state(row)
    saved = client.post(url("subprogram", "change", row.pk), typed(form, change))
    assert saved.status_code == 302, text(saved)
    assert state(row) == before
    proposal = RuleProposal.objects.get()
    assert (proposal.by, proposal.reason) == (one, "심의위원회 의결")
    assert name in [field for each in proposal.changes for field in each["fields"]]
    assert all(was != will for _, _, was, will in queries.lines(proposal.changes, row))

    with pytest.raises(MoveNotAllowed) as refused:
        rule_changes.approve(proposal, by=one, now=now())
    assert refused.value.code == "same_person"
    settings.RULE_LOCKS = [f"{__name__}.locked"]
    with pytest.raises(RuleBroken, match="시험 사유"):
        rule_changes.approve(proposal, by=second, now=now())
    assert state(row) == before
    assert not RuleChange.objects.exists()

    settings.RULE_LOCKS = []
    rule_changes.approve(proposal, by=second, now=now())
    assert state(row) != before
    history = RuleChange.objects.get()
    assert (history.by, history.approved_by, history.proposal) == (one, second, proposal)
    if stored is not None:
        after = [row["fields"][name][1] for row in history.changes if name in row["fields"]]
        assert stored in after
        assert stored in [value for values in state(row) for value in values]


@pytest.mark.parametrize("part", list(rules.FIELDS))
def test_a_locked_rule_is_refused_with_the_reason(
    settings, form: dict[str, str], part: str
) -> None:
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    before, address = state(row), url("subprogram", "change", row.pk)
    change = next(each for own, _, each, _ in TABLE if own == part)
    settings.RULE_LOCKS = [f"{__name__}.locked"]
    refused = client.post(address, typed(form, change))
    assert refused.status_code == 200
    assert "시험 사유로 바꿀 수 없습니다." in text(refused)
    assert not RuleProposal.objects.exists()
    assert state(row) == before
    again = fields_of(text(refused))
    assert {name: again[name] for name in change} == change  # nothing that was typed is lost


def test_the_page_shows_what_is_locked_and_offers_the_rest(settings) -> None:
    settings.RULE_LOCKS = [f"{__name__}.locked"]
    client, _ = staff_client(MANAGER)
    page = text(client.get(url("subprogram", "change", program(CODE).pk)))
    assert "지금은 바꿀 수 없는 규칙" in page
    assert "평가 기준: 시험 사유로 바꿀 수 없습니다." in page
    offered = set(fields_of(page))
    assert {"name", "summary", "order", "tracks-0-name", "criteria-0-order"} <= offered
    assert not offered & {key for _, _, change, _ in TABLE for key in change if "_" in key}


def test_the_second_manager_reads_before_and_after_and_approves_on_the_page(
    form: dict[str, str],
) -> None:
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    saved = client.post(url("subprogram", "change", row.pk), typed(form, {"floor": "10"}))
    page, approval = (
        saved["Location"],
        url("ruleproposal", "act", RuleProposal.objects.get().pk, "approve"),
    )
    client.post(approval, {"note": ""})
    assert program(CODE).floor == 60
    other, second = staff_client(MANAGER)
    for address in (page, approval):
        shown = text(other.get(address))
        for words in ("최저 점수", "60점", "10점", "심의위원회 의결", "작성 중 0건, 제출 0건"):
            assert words in shown
    assert other.post(approval, {"note": ""}).status_code == 302
    assert program(CODE).floor == 10
    assert RuleChange.objects.get().approved_by == second


def test_what_decides_nothing_is_saved_by_one_manager() -> None:
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    before, address = state(row), url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    named = {"name": "새 이름", "summary": "새 소개", "order": "9", "tracks-0-name": "새 유형"}
    saved = client.post(address, sent | named | {"criteria-0-order": "8", "why": "표기 정정"})
    assert saved.status_code == 302, text(saved)
    assert not RuleProposal.objects.exists()
    kept = program(CODE)
    assert (kept.name, kept.summary, kept.order) == ("새 이름", "새 소개", 9)
    assert kept.tracks.filter(name="새 유형").exists()
    assert kept.criteria.filter(order=8).exists()
    assert state(row) == before


def test_one_save_keeps_the_name_and_proposes_the_rule() -> None:
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    for _ in range(2):  # a second click changes nothing
        saved = client.post(address, sent | {"name": "새 이름", "floor": "70", "why": "정정"})
        assert saved.status_code == 302, text(saved)
    assert (program(CODE).name, program(CODE).floor) == ("새 이름", 60)
    assert RuleProposal.objects.count() == 1


def test_before_the_announcement_one_manager_edits_directly(round_2021) -> None:
    round_2021.announced = False
    round_2021.save()
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    assert client.post(address, sent | {"floor": "70", "why": "초안"}).status_code == 302
    assert program(CODE).floor == 70
    assert not RuleProposal.objects.exists()


def test_rows_are_added_and_removed_by_two_managers_only() -> None:
    client, _ = staff_client(MANAGER)
    row = program(CODE)
    address = url("subprogram", "change", row.pk)
    sent = fields_of(text(client.get(address)))
    number = int(sent["documents-TOTAL_FORMS"])
    new = {
        "documents-TOTAL_FORMS": str(number + 1),
        f"documents-{number}-id": "",
        f"documents-{number}-sub_program": str(row.pk),
        f"documents-{number}-code": "extra",
        f"documents-{number}-label": "추가 서류",
        f"documents-{number}-guide": "",
        f"documents-{number}-when": "null",
        f"documents-{number}-formats": '["pdf"]',
        f"documents-{number}-max_files": "1",
        f"documents-{number}-order": "50",
        f"documents-{number}-origin": "public",
        "documents-0-DELETE": "on",
        "why": "서류 정비",
    }
    before = set(row.documents.values_list("code", flat=True))
    saved = client.post(address, sent | new)
    assert saved.status_code == 302, text(saved)
    assert set(row.documents.values_list("code", flat=True)) == before
    form = program(CODE).form_version
    rule_changes.approve(RuleProposal.objects.get(), by=UserFactory(roles=[MANAGER]), now=now())
    after = set(row.documents.values_list("code", flat=True))
    assert after == before - {sent["documents-0-code"]} | {"extra"}
    assert program(CODE).form_version != form


# --- The service ---------------------------------------------------------------------------------


@pytest.fixture
def one() -> User:
    return UserFactory(roles=[MANAGER])


@pytest.fixture
def second() -> User:
    return UserFactory(roles=[MANAGER])


def floor(row: SubProgram, after: str = "10.00") -> list[rules.Change]:
    return [queries.change(row, rules.CHANGE, {"floor": ["60.00", after]})]


def proposed(by: User, changes: list[rules.Change] | None = None) -> RuleProposal:
    row = program(CODE)
    return rule_changes.propose(row, changes or floor(row), reason="의결", by=by, now=now())


def test_a_value_that_changed_meanwhile_is_not_overwritten(one: User, second: User) -> None:
    proposal = proposed(one)
    SubProgram.objects.filter(code=CODE).update(floor=55)
    with pytest.raises(RuleBroken, match="최저 점수") as refused:
        rule_changes.approve(proposal, by=second, now=now())
    assert refused.value.code == "rule_stale"
    assert program(CODE).floor == 55
    proposal.refresh_from_db()
    assert proposal.ended_at is None
    rule_changes.drop(proposal, by=second, now=now())


def test_a_sum_that_no_longer_adds_up_is_refused_at_the_approval(one: User, second: User) -> None:
    first, other = program(CODE).criteria.order_by("pk")[:2]
    changes = [
        queries.change(
            first, rules.CHANGE, {"max_points": [first.max_points, first.max_points + 1]}
        ),
        queries.change(
            other, rules.CHANGE, {"max_points": [other.max_points, other.max_points - 1]}
        ),
    ]
    proposal = proposed(one, changes)
    third = program(CODE).criteria.order_by("pk")[2]
    third.max_points += 5
    third.save()
    with pytest.raises(RuleBroken, match="배점의 합은 100"):
        rule_changes.approve(proposal, by=second, now=now())


@pytest.mark.parametrize("after", ["101.00", "-1.00"])
def test_a_value_out_of_range_is_not_even_proposed(one: User, after: str) -> None:
    with pytest.raises(Exception, match="최저 점수"):
        proposed(one, floor(program(CODE), after))
    assert not RuleProposal.objects.exists()
    assert program(CODE).floor == 60


def test_one_open_proposal_at_a_time_and_anybody_of_the_managers_drops_it(
    one: User, second: User
) -> None:
    proposal = proposed(one)
    with pytest.raises(MoveNotAllowed) as refused:
        proposed(second)
    assert refused.value.code == "proposal_open"
    rule_changes.drop(proposal, by=second, now=now())
    for act in (rule_changes.drop, rule_changes.approve):
        with pytest.raises(MoveNotAllowed):
            act(proposal, by=second, now=now())
    assert program(CODE).floor == 60
    proposed(second)


def test_what_is_typed_stays_when_another_proposal_is_open(one: User) -> None:
    proposed(one)
    client, _ = staff_client(MANAGER)
    address = url("subprogram", "change", program(CODE).pk)
    page = text(client.get(address))
    assert "아직 처리하지 않은 규칙 변경안" in page
    refused = client.post(address, fields_of(page) | {"floor": "33", "why": "또 다른 사유"})
    assert "그 변경안을 먼저 처리해 주세요" in text(refused)
    again = fields_of(text(refused))
    assert (again["floor"], again["why"]) == ("33", "또 다른 사유")


def test_the_database_wants_two_people_and_keeps_the_history(one: User, second: User) -> None:
    proposal = proposed(one)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleProposal.objects.filter(pk=proposal.pk).update(approved_by=one, ended_at=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleProposal.objects.create(
            sub_program=proposal.sub_program, changes=[], reason="x", by=second, at=now()
        )
    change = rule_changes.approve(proposal, by=second, now=now() + timedelta(seconds=1))
    for broken in ({"reason": "x"}, {"approved_by": one}):
        with pytest.raises(DatabaseError), transaction.atomic():
            RuleChange.objects.filter(pk=change.pk).update(**broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        RuleChange.objects.filter(pk=change.pk).delete()


def test_before_and_after_are_words(one: User) -> None:
    row = program(CODE)
    track = row.tracks.order_by("pk").first()
    changes = [
        queries.change(
            row, rules.CHANGE, {"blind": [False, True], "quota_kind": ["about", "exact"]}
        ),
        queries.change(track, rules.CHANGE, {"cap_won": [None, 70_000_000]}),
    ]
    assert [line[1:] for line in queries.lines(changes, row)] == [
        ("블라인드 심사", "아니요", "예"),
        ("모집 규모 구분", "내외", "정확히"),
        ("지원 한도(원)", "없음", "70,000,000원"),
    ]
