"""A catalogue file is loaded repeatably, refused readably, and is all it takes to offer more."""

import copy
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import models

from portal.core.errors import BadInput, BudgetExceeded, RuleBroken
from programs.models import (
    Budget,
    Criterion,
    LedgerEntry,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    SubProgram,
    Track,
)
from programs.queries import eligibility as eligibility_queries
from programs.queries import kept
from programs.queries import ledger as ledger_queries
from programs.roles import MANAGER
from programs.services import ledger, rounds
from programs.services.catalogue import data_file, loading
from tests.factories.applications import UserFactory
from tests.factories.programs import FILE_2021, NOW, document, load, program

EOK = 100_000_000
Content = dict[str, Any]


def reload(content: Content) -> loading.Report:
    return loading.load(content, by=None, now=NOW)


def eighth() -> Content:
    """Give the catalogue a sub-programme that nobody has heard of."""
    content = document()
    content["round"]["total_won"][0] += 5 * EOK
    content["sub_programs"].append(
        {
            "code": "energy",
            "short": "에너지",
            "name": "스마트 에너지 관리",
            "summary": "공장의 에너지를 줄입니다.",
            "intake": "window",
            "budget": {"code": "2021/energy", "won": [5 * EOK, "assumption"]},
            "quota": {"count": 20, "kind": "about", "origin": "assumption"},
            "skip": ["national_tax_clearance", "local_tax_clearance"],
            "tracks": [
                {
                    "code": "meter",
                    "name": "계측",
                    "grant_kind": ["share", "assumption"],
                    "cap_won": [30_000_000, "assumption"],
                    "share_percent": [40, "assumption"],
                }
            ],
            "conditions": [
                {
                    "code": "uses_power",
                    "kind": "at_least",
                    "fact": "power",
                    "number": 100,
                    "message": "계약 전력이 100kW 이상이어야 합니다.",
                    "label": "계약 전력",
                    "origin": "assumption",
                }
            ],
            "questions": [
                {
                    "code": "power",
                    "kind": "integer",
                    "label": "계약 전력(kW)",
                    "required": True,
                    "self_check": True,
                    "origin": "assumption",
                }
            ],
            "criteria": [
                {
                    "code": "saving",
                    "label": "절감",
                    "points": 100,
                    "core": True,
                    "origin": "assumption",
                }
            ],
        }
    )
    return content


def next_year() -> Content:
    content = document()
    content["round"] |= {
        "code": "2022-1",
        "year": 2022,
        "name": "2022년 1차",
        "opens_at": ["2022-01-24T00:00:00+09:00", "assumption"],
        "closes_at": ["2022-02-28T18:00:00+09:00", "assumption"],
    }
    for row in content["sub_programs"]:
        row["budget"]["code"] = row["budget"]["code"].replace("2021", "2022")
    return content


def rows() -> dict[type[models.Model], int]:
    counted = (ProgramRound, SubProgram, Track, Criterion, RequiredDocument, Budget, LedgerEntry)
    return {model: model._default_manager.count() for model in counted}


@pytest.mark.django_db
def test_a_second_load_changes_nothing_and_reports_so() -> None:
    first = reload(document())
    before, versions = rows(), set(SubProgram.objects.values_list("form_version", "updated_at"))
    second = reload(document())
    assert first.count(loading.CREATED) > 80
    assert second.touched == []
    assert rows() == before
    assert set(SubProgram.objects.values_list("form_version", "updated_at")) == versions


@pytest.mark.django_db
def test_a_load_reports_old_and_new_values() -> None:
    load()
    content = document()
    content["sub_programs"][1]["tracks"][0]["cap_won"][0] = 250_000_000
    content["sub_programs"][1]["conditions"][2]["message"] = "협동로봇이어야 합니다."
    told = [str(change) for change in reload(content).touched]
    assert any("cap_won: 300000000 → 250000000" in line for line in told)
    assert any("내역사업 robot (conditions.collaborative" in line for line in told)
    assert len(told) == 2


@pytest.mark.django_db
def test_the_form_version_changes_with_a_question_and_not_with_a_cap() -> None:
    load()
    before = program("robot").form_version
    content = document()
    content["sub_programs"][1]["tracks"][0]["cap_won"][0] = 250_000_000
    reload(content)
    assert program("robot").form_version == before
    content["sub_programs"][1]["questions"][1]["label"] = "고칠 공정"
    reload(content)
    assert program("robot").form_version != before
    assert len(before) == 64


@pytest.mark.django_db
def test_what_the_file_no_longer_has_is_taken_away() -> None:
    load()
    content = document()
    content["sub_programs"][0]["documents"] = []
    report = reload(content)
    assert report.count(loading.REMOVED) == 3
    assert not program("build").documents.filter(code="covid_evidence").exists()


@pytest.mark.django_db
def test_the_core_mark_may_move_to_another_criterion() -> None:
    load()
    content = document()
    sheet = content["sub_programs"][0]["criteria"]
    sheet[1].pop("core")
    sheet[0]["core"] = True
    reload(content)
    assert program("build").criteria.get(core=True).code == "need"


@pytest.mark.django_db
def test_a_changed_budget_becomes_an_entry_and_other_money_stays() -> None:
    load()
    pot = Budget.objects.get(code="2021/cloud")
    ledger.appropriate(pot, ledger.Booking(amount=EOK, reference="추경-1"), by=None, now=NOW)
    content = document()
    content["round"]["total_won"][0] += 2 * EOK
    content["sub_programs"][5]["budget"]["won"][0] += 2 * EOK
    reload(content)
    pot.refresh_from_db()
    assert pot.appropriated_won == (32 + 2 + 1) * EOK
    reload(document())
    pot.refresh_from_db()
    assert pot.appropriated_won == (32 + 1) * EOK
    assert ledger_queries.recomputed(pot) == pot.balance


@pytest.mark.django_db
def test_a_budget_is_not_cut_below_what_is_promised_and_the_load_is_rolled_back() -> None:
    load()
    pot = Budget.objects.get(code="2021/cloud")
    ledger.reserve(
        pot, ledger.Booking(amount=32 * EOK, reference="r", subject="a"), by=None, now=NOW
    )
    content = document()
    content["round"]["total_won"][0] -= EOK
    content["sub_programs"][5]["budget"]["won"][0] -= EOK
    content["sub_programs"][0]["summary"] = "다른 소개"
    with pytest.raises(BudgetExceeded):
        reload(content)
    assert program("build").summary != "다른 소개"


@pytest.mark.django_db
def test_dates_that_a_manager_has_moved_survive_a_reload() -> None:
    round = load()
    manager = UserFactory(roles=[MANAGER])
    later = round.closes_at.replace(day=27)
    asked = rounds.propose(
        round, opens_at=round.opens_at, closes_at=later, by=manager, now=NOW, reason="장애 연장"
    )
    rounds.approve(asked, by=UserFactory(roles=[MANAGER]), now=NOW)
    report = reload(document())
    round.refresh_from_db()
    assert round.closes_at == later
    assert [change.act for change in report.touched] == [loading.KEPT]


@pytest.mark.django_db
def test_an_announced_round_records_why_it_is_public() -> None:
    round = load()
    assert round.announced
    assert RoundChange.objects.get(round=round).act == "announce"


@pytest.mark.django_db
def test_an_eighth_programme_is_pure_data() -> None:
    load()
    reload(eighth())
    row = program("energy")
    assert row.pot.appropriated_won == 5 * EOK
    assert [paper.code for paper in row.documents.all()] == [
        "business_registration",
        "sme_certificate",
    ]
    found = eligibility_queries.check_self(row, {"track": "meter", "power": "80"}, on=NOW.date())
    assert found.eligible is False
    assert found.findings[0].message == "계약 전력이 100kW 이상이어야 합니다."
    assert [code.code for code in kept.sub_programs(row.round)][-1] == "energy"


@pytest.mark.django_db
def test_a_2022_round_is_pure_data_and_leaves_2021_alone() -> None:
    load()
    before = SubProgram.objects.filter(round__code="2021-1").values()
    untouched = {row["code"]: row for row in before}
    reload(next_year())
    assert SubProgram.objects.filter(round__code="2022-1").count() == 7
    assert {row["code"]: row for row in before.all()} == untouched
    assert kept.current_round(NOW.replace(year=2022)).code == "2022-1"
    assert kept.current_round(NOW).code == "2021-1"


@pytest.mark.django_db
def test_two_rounds_of_a_year_share_the_pot() -> None:
    load()
    content = document()
    content["round"] |= {"code": "2021-2", "sequence": 2, "name": "2021년 2차"}
    report = reload(content)
    assert Budget.objects.count() == 7
    assert LedgerEntry.objects.count() == 7
    assert report.count(loading.CREATED) > 80


@pytest.mark.django_db
def test_a_programme_that_the_file_does_not_name_is_kept() -> None:
    reload(eighth())
    report = reload(document())
    assert SubProgram.objects.filter(code="energy").exists()
    assert any(change.act == loading.KEPT and "energy" in change.what for change in report.changes)


def spoil(change: Callable[[Content], object]) -> list[str]:
    """Change the catalogue and return what the check has to say."""
    content = document()
    change(content)
    with pytest.raises(RuleBroken) as refused:
        data_file.check(content)
    return [finding.message for finding in refused.value.findings]


def build(content: Content) -> Content:
    return content["sub_programs"][0]


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (lambda c: c["round"]["total_won"].__setitem__(0, 1), "round.total_won", "총예산"),
        (lambda c: build(c).pop("quota"), "sub_programs[0]", "quota"),
        (lambda c: build(c).update(colour="red"), "sub_programs[0]", "colour"),
        (
            lambda c: build(c)["tracks"][0].update(cap_won=70_000_000),
            "sub_programs[0].tracks[0].cap_won",
            "array",
        ),
        (
            lambda c: build(c)["tracks"][0].update(cap_won=[70_000_000]),
            "sub_programs[0].tracks[0].cap_won",
            "짝",
        ),
        (
            lambda c: build(c)["tracks"][0].update(cap_won=[70_000_000, "hearsay"]),
            "sub_programs[0].tracks[0].cap_won[1]",
            "형식",
        ),
        (
            lambda c: build(c)["tracks"][0].update(cap_won=[0.5, "public"]),
            "sub_programs[0].tracks[0].cap_won[0]",
            "정수",
        ),
        (
            lambda c: build(c)["tracks"][0].update(share_percent=[150, "public"]),
            "share_percent[0]",
            "범위",
        ),
        (
            lambda c: build(c)["tracks"][0].pop("share_percent"),
            "tracks(basic)",
            "지원 비율이 필요",
        ),
        (
            lambda c: build(c)["criteria"][0].update(points=25),
            "criteria",
            "지금은 105",
        ),
        (lambda c: build(c)["criteria"][1].pop("core"), "criteria", "하나"),
        (
            lambda c: build(c)["criteria"][1].update(code="need"),
            "criteria.code",
            "두 번",
        ),
        (
            lambda c: build(c)["questions"][0].update(kind="slider"),
            "sub_programs[0].questions[0].kind",
            "slider",
        ),
        (
            lambda c: build(c)["questions"][0].update(kind="choice"),
            "questions(manufacturer).choices",
            "choice",
        ),
        (
            lambda c: build(c)["questions"][0].update(code="region"),
            "questions(region).code",
            "기업정보",
        ),
        (
            lambda c: build(c)["conditions"][0].update(kind="looks_like"),
            "conditions",
            "looks_like",
        ),
        (
            lambda c: build(c)["conditions"][0].update(fact="shoe_size"),
            "conditions(is_company)",
            "shoe_size",
        ),
        (
            lambda c: build(c)["conditions"][1].update(values=["giant"]),
            "conditions(sme_or_mid).values",
            "giant",
        ),
        (
            lambda c: build(c)["conditions"][3].update(when={"track": ["premium"]}),
            "conditions(higher_level).when",
            "premium",
        ),
        (
            lambda c: build(c)["bonus_items"][0].update(question="luck"),
            "bonus_items(covid)",
            "luck",
        ),
        (lambda c: build(c).update(skip=["nothing"]), "skip", "nothing"),
        (
            lambda c: build(c)["quota"].update(kind="none"),
            "quota",
            "서로 맞지",
        ),
        (
            lambda c: c["profile"].append({"code": "mood", "label": "기분"}),
            "profile.mood",
            "company_kind",
        ),
        (
            lambda c: c["profile"][1]["choices"].append({"code": "giant", "label": "대기업"}),
            "profile.company_size",
            "small",
        ),
        (
            lambda c: c["round"].update(closes_at=["2021-01-01T00:00:00+09:00", "public"]),
            "round",
            "늦어야",
        ),
        (
            lambda c: c["round"].update(closes_at=["2021-02-25T18:00:00", "public"]),
            "round.closes_at[0]",
            "형식",
        ),
        (
            lambda c: c["round"].update(closes_at=["2021-02-30T18:00:00+09:00", "public"]),
            "round",
            "달력",
        ),
        (
            lambda c: c["sub_programs"][1].update(code="build"),
            "sub_programs.code",
            "build",
        ),
        (
            lambda c: c["sub_programs"][1]["budget"].update(code="2021/build"),
            "sub_programs.budget.code",
            "2021/build",
        ),
        (
            lambda c: c["common"]["assessment"].update(minimum_sheets=[9, "assumption"]),
            "minimum_sheets",
            "이하",
        ),
    ],
)
def test_a_faulty_document_is_refused_naming_the_place(
    change: Callable[[Content], object], place: str, reason: str
) -> None:
    faults = spoil(change)
    assert any(place in fault and reason in fault for fault in faults), faults


def test_every_fault_is_reported_at_once() -> None:
    def change(content: Content) -> None:
        build(content)["criteria"][0]["points"] = 25
        content["sub_programs"][1]["criteria"][0]["points"] = 25
        content["round"]["total_won"][0] += 1

    assert len(spoil(change)) == 3


@pytest.mark.django_db
def test_a_faulty_document_changes_nothing() -> None:
    content = document()
    content["sub_programs"][6]["criteria"][0]["points"] = 1
    with pytest.raises(RuleBroken):
        reload(content)
    assert not ProgramRound.objects.exists()


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("round: {code: a, code: b}\n", "utf-8")
    with pytest.raises(BadInput, match="두 번"):
        data_file.read(file)


@pytest.mark.parametrize("text", ["- a\n- b\n", "round: [", "!!python/object:os.system {}"])
def test_what_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadInput):
        data_file.read(file)


@pytest.mark.django_db
def test_the_command_loads_the_files_that_come_with_the_portal_and_prints_a_report() -> None:
    told, again = StringIO(), StringIO()
    call_command("load_catalogue", stdout=told)
    call_command("load_catalogue", stdout=again)
    assert "생김  회차 2021-1" in told.getvalue()
    assert "0건 바뀜" in again.getvalue()


@pytest.mark.django_db
def test_the_command_loads_a_file_and_explains_a_faulty_one(tmp_path: Path) -> None:
    content = copy.deepcopy(eighth())
    content["sub_programs"][7]["criteria"][0]["points"] = 90
    file = tmp_path / "2021.yaml"
    file.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    with pytest.raises(CommandError, match="배점의 합은 100"):
        call_command("load_catalogue", str(file))


def test_the_file_is_read_whole() -> None:
    assert FILE_2021.exists()
    assert len(data_file.read(FILE_2021)["sub_programs"]) == 7
