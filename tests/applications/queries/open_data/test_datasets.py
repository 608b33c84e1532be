"""Open data: nothing before release, nobody by name, every column described, at any size."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Check, Decision, Selection
from applications.queries.open_data import datasets
from applications.queries.open_data.publication import publication
from applications.services.selection import changes, proposals
from portal.records import audit
from portal.web.shared import SHARED
from programs.models import SubProgram
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db

CODES = [row.code for row in publication().datasets]
JUDGED = ["runs", "criteria", "selections", "results", "score-sheets", "bonuses", "evidence"]


def proposed(count: int = 3) -> Selection:
    program, judges = staff.program(), staff.assessors(5)
    for place in range(count):
        marks = (30 - place, 40 - place, 30 - 2 * place)
        made = staff.judged(program, marks, judges=judges, bonus=place < 2)
        Check.objects.create(application=made, code="small", message="소기업", standing="paper")
    return staff.proposed(program, staff.manager(), places=1)


def released(count: int = 3) -> Selection:
    boss = staff.manager()
    chosen = staff.decided(proposed(count), by=boss)
    proposals.release(chosen, by=boss, now=NOW)
    return chosen


def given_up(chosen: Selection) -> Decision:
    """Let the winner decline."""
    winner = chosen.decisions.get(rank=1, previous=None).application
    return changes.decline(winner, note="설비 투자를 미룹니다.", by=winner.created_by, now=NOW)


def file(client: Client, code: str, extension: str = "json") -> str:
    answer = client.get(f"/open-data/{code}.{extension}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def rows(client: Client, code: str) -> list[dict]:
    whole = json.loads(file(client, code))
    assert whole["count"] == len(whole["rows"])
    return whole["rows"]


def announced(row: dict) -> dict:
    """Return what a row said at the release."""
    return {name: value for name, value in row.items() if not name.startswith("now")}


@pytest.mark.parametrize("code", CODES)
def test_a_data_set_says_the_same_in_every_form(client: Client, code: str) -> None:
    chosen = released()
    second = chosen.decisions.get(rank=2, previous=None).application
    staff.won_objection(second, anew=[(30, 38, 29)] * 3)
    given_up(chosen)
    audit.seal(now=NOW)
    found = rows(client, code)
    assert found
    names = list(datasets.find(code).names)
    assert all(list(row) == names for row in found)
    table = list(csv.reader(io.StringIO(file(client, code, "csv").lstrip("\ufeff"))))
    assert table[0] == names
    assert not [value for row in found for value in row.values() if isinstance(value, dict | list)]
    assert "합계" not in [row[0] for row in table]
    assert len(table) - 1 == len(found)
    api = client.get(f"/api/v1/open/{code}/?page_size=100").json()
    assert api["results"] == found
    assert api["next"] is None


@pytest.mark.parametrize("code", JUDGED)
def test_nothing_of_a_decision_is_there_before_its_release(client: Client, code: str) -> None:
    boss = staff.manager()
    chosen = staff.decided(proposed(), by=boss)
    assert rows(client, code) == []
    assert len(file(client, code, "csv").splitlines()) == 1
    assert client.get(f"/api/v1/open/{code}/").json()["results"] == []
    proposals.release(chosen, by=boss, now=NOW)
    assert rows(client, code) != []


@pytest.mark.parametrize(("count", "shown"), [(4, None), (5, 5)])
def test_how_facts_were_confirmed_is_counted_and_a_small_count_is_not_told(
    client: Client, count: int, shown: int | None
) -> None:
    released(count)
    found = {row["standing"]: (row["count"], row["suppressed"]) for row in rows(client, "evidence")}
    assert found["paper"] == (shown, shown is None)
    assert found["confirmed"] == (0, False)


def test_money_reserved_by_an_unreleased_decision_is_held_back_everywhere(client: Client) -> None:
    boss = staff.manager()
    chosen = staff.decided(proposed(), by=boss)
    assert [row["kind"] for row in rows(client, "ledger")] == ["appropriate"]
    assert {row["reserved_won"] for row in rows(client, "pots")} == {0}
    assert [row["kind"] for row in client.get("/api/v1/open/ledger/").json()["results"]] == [
        "appropriate"
    ]
    assert "선정 예약</td>" not in client.get("/budget/").content.decode()
    money = [row for row in rows(client, "statistics") if row["column"] == "선정"]
    assert {row["value"] for row in money if row["table"] == "사업별 예산"} == {0}
    proposals.release(chosen, by=boss, now=NOW)
    assert [row["kind"] for row in rows(client, "ledger")] == ["appropriate", "reserve"]
    assert sum(row["reserved_won"] for row in rows(client, "pots")) == 50_000_000
    assert "선정 예약</td>" in client.get("/budget/").content.decode()


def test_a_later_decision_is_listed_beside_the_first_one(client: Client) -> None:
    chosen = released()
    before, version = rows(client, "results"), datasets.version("results")
    later = given_up(chosen)
    after = rows(client, "results")
    assert [announced(row) for row in after] == [announced(row) for row in before]
    assert [row["now"] for row in after if row["now"] != row["outcome"]] == ["declined"]
    assert datasets.version("results").sha256 != version.sha256
    (row,) = rows(client, "changes")
    name = datasets.pseudonym("application", chosen.run_id, later.application_id)
    assert (row["application"], row["kind"]) == (name, "decline")
    assert (row["before"], row["before_won"], row["after_won"]) == ("selected", 50_000_000, 0)
    assert sum(row["reserved_won"] for row in rows(client, "pots")) == 0


def test_a_decision_taken_back_stays_unknown(client: Client) -> None:
    boss = staff.manager()
    chosen = staff.decided(proposed(), by=boss)
    proposals.undecide(chosen, note="다시 봅니다.", by=boss, now=NOW)
    assert [row["kind"] for row in rows(client, "ledger")] == ["appropriate"]


def test_nobody_can_be_recognised(client: Client) -> None:
    released()
    everything = "".join(file(client, code) for code in CODES)
    for application in Application.objects.select_related("company", "created_by"):
        for secret in (
            application.number,
            application.company.name,
            application.company.business_number,
            application.created_by.email,
            application.subject,
        ):
            assert secret not in everything
    for sheet in Decision.objects.get(rank=1).application.sheets.select_related("assessor"):
        assert sheet.assessor.email not in everything
        assert sheet.sha256 not in everything


def test_an_application_has_one_name_in_a_run_and_another_in_the_next() -> None:
    assert datasets.pseudonym("application", 1, 7) == datasets.pseudonym("application", 1, 7)
    assert len({datasets.pseudonym("application", run, pk) for run in (1, 2) for pk in (7, 8)}) == 4


def test_a_round_that_is_not_announced_is_not_published(client: Client) -> None:
    chosen = released()
    round = chosen.sub_program.round
    round.announced = False
    round.save()
    for code in (*JUDGED, "programs", "tracks", "ledger", "pots"):
        assert rows(client, code) == [], code


def test_a_file_states_its_version_and_keeps_it(client: Client) -> None:
    released()
    first = client.get("/open-data/results.json")
    assert "Last-Modified" in first
    assert first["Cache-Control"] == SHARED
    again = client.get("/open-data/results.json", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    released()
    changed = client.get("/open-data/results.json", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize(
    "path", ["/open-data/none.json", "/open-data/results.xml", "/api/v1/open/none/"]
)
def test_what_is_not_published_is_not_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_no_cell_of_a_csv_is_a_formula(client: Client) -> None:
    chosen = released()
    SubProgram.objects.filter(pk=chosen.sub_program_id).update(name="=1+1")
    assert ",'=1+1," in file(client, "programs", "csv")


@pytest.mark.parametrize("code", ["ledger", "results", "score-sheets", "bonuses", "evidence"])
def test_queries_do_not_grow_with_the_rows(client: Client, code: str) -> None:
    queries = []
    for count in (2, 9):
        released(count)
        with CaptureQueriesContext(connection) as found:
            file(client, code)
        queries.append(len(found))
    # One ordered list of a selection more for the places in which applications came in.
    assert queries[1] - queries[0] <= (1 if code == "results" else 0)


def test_a_long_file_is_read_in_blocks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = released(7)
    whole = rows(client, "results")
    monkeypatch.setattr(datasets, "CHUNK", 2)
    assert rows(client, "results") == whole
    assert len(whole) == chosen.decisions.count()


def test_pages_of_the_api_lead_through_all_rows(client: Client) -> None:
    released(7)
    seen, path = [], "/api/v1/open/results/?page_size=3"
    while path:
        page = client.get(path).json()
        seen += page["results"]
        path = page["next"]
    assert seen == rows(client, "results")


def test_the_order_of_filing_is_published_as_a_place_not_as_an_instant(client: Client) -> None:
    chosen = proposed(3)
    late = Application.objects.order_by("pk").first()
    Application.objects.filter(pk=late.pk).update(submitted_at=NOW + timedelta(hours=1))
    boss = staff.manager()
    proposals.release(staff.decided(chosen, by=boss), by=boss, now=NOW)
    name = datasets.pseudonym("application", chosen.run_id, late.pk)
    places = {row["application"]: row["received"] for row in rows(client, "results")}
    assert places[name] == 3
    assert sorted(places.values()) == [1, 2, 3]


def test_the_page_names_licence_fields_and_the_ends_of_the_chains(client: Client) -> None:
    box = released().sub_program.pot
    ledger.appropriate(box, ledger.Booking(amount=1, reference="x:1"), by=None, now=NOW)
    audit.seal(now=NOW)
    page = client.get("/open-data/").content.decode()
    assert "공공누리 제1유형" in page
    for row in publication().datasets:
        assert row.title in page
        assert f"/open-data/{row.code}.csv" in page
    assert audit.combined_head(audit.heads()) in page
    index = client.get("/open-data/index.json").json()
    assert [row["dataset"] for row in index["datasets"]] == CODES
    assert index["audit"]["sha256"] == audit.combined_head(audit.heads())
