"""Help beside the questions: complete for every essay, and only of what the catalogue has."""

import pytest

from programs.queries import writing
from tests.factories.programs import program

pytestmark = pytest.mark.usefixtures("round_2021")
CODES = sorted(writing.data()["programs"])


@pytest.mark.parametrize("code", CODES)
def test_every_essay_has_criterion_points_example_and_length(code: str) -> None:
    row = program(code)
    essays = [one for one in row.questions if one["kind"] == "long_text"]
    helps = writing.helps(row, essays)
    assert essays
    for essay in essays:
        help = helps[essay["code"]]
        assert help.criterion, essay["code"]
        assert help.points
        assert help.guide
        assert help.looks_for
        assert help.example
        assert help.most == essay["max_length"]


@pytest.mark.parametrize("code", CODES)
def test_the_data_file_names_only_questions_of_the_programme(code: str) -> None:
    row = program(code)
    known = {one["code"] for one in (*row.questions, *row.round.profile)}
    assert set(writing.data()["programs"][code]) <= known
    assert set(writing.data()["common"]) <= known


@pytest.mark.parametrize("code", CODES)
def test_every_cost_says_whether_vat_is_in_it(code: str) -> None:
    row = program(code)
    costs = [{**item, "kind": "won"} for item in row.cost_items]
    tables = [one for one in row.questions
              if any(column["kind"] == "won" for column in one.get("columns", ()))]  # fmt: skip
    helps = writing.helps(row, [*costs, *tables])
    assert all("VAT" in helps[one["code"]].cost for one in (*costs, *tables))


def test_the_levels_are_those_of_the_question() -> None:
    row = program("build")
    asked = next(one for one in row.questions if one["code"] == "current_level")
    assert [one["code"] for one in asked["choices"]] == [
        one["code"] for one in writing.data()["levels"]
    ]


def test_every_term_is_used_and_known() -> None:
    rows = [*writing.data()["common"].values()]
    rows += [one for rest in writing.data()["programs"].values() for one in rest.values()]
    used = {code for row in rows for code in row.get("terms", ())}
    assert used == {row["code"] for row in writing.data()["glossary"]}
