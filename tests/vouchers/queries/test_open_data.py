"""Open data of the panel: plain tables, the same rows in every form, every column described."""

import csv
import io
import json

import pytest
from django.test import Client

from portal.core.clock import KST
from tests.factories import reports as make
from tests.factories import vouchers as panel
from vouchers.models import ConsumerReport
from vouchers.queries import open_data
from vouchers.services import corrections

pytestmark = pytest.mark.django_db


@pytest.fixture
def report() -> ConsumerReport:
    """Publish a report that did not judge the price, and a correction of its service."""
    report = make.published(price="skip")
    corrections.verify(make.raised(report), finding="확인함", by=panel.agency(), now=make.LATER)
    return report


def table(client: Client, name: str) -> list[dict[str, str]]:
    body = b"".join(client.get(f"/vouchers/data/{name}.csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


@pytest.mark.parametrize("name", open_data.SETS)
def test_a_data_set_is_one_table_in_both_forms(
    client: Client, report: ConsumerReport, name: str
) -> None:
    whole = json.loads(client.get(f"/vouchers/data/{name}.json").content)
    rows, lines = whole["rows"], table(client, name)
    assert rows
    assert list(lines[0]) == list(whole["fields"]) == list(rows[0])
    assert len(lines) == len(rows)
    assert not [value for row in rows for value in row.values() if isinstance(value, dict | list)]
    cells = [cell for line in lines for cell in line.values()]
    assert None not in cells
    assert "합계" not in cells
    assert not [cell for cell in cells if cell.startswith(("{", "["))]


def test_reports_have_a_column_for_each_scale_and_each_section(
    client: Client, report: ConsumerReport
) -> None:
    (line,) = table(client, "reports")
    form = report.assignment.round.plan.form
    scales = [f"rating_{row['code']}" for row in form["scales"]]
    sections = [f"text_{row['code']}" for row in form["sections"]]
    assert [name for name in line if name.startswith("rating_")] == scales
    assert [name for name in line if name.startswith("text_")] == sections
    assert (line["rating_features"], line["rating_price"]) == ("4", "")
    written = {row["code"]: row["text"] for row in report.submitted_version().content["sections"]}
    assert {name.removeprefix("text_"): line[name] for name in sections} == written
    assert line["published_on"] == report.published_at.astimezone(KST).date().isoformat()
    page = client.get("/vouchers/data/").content.decode()
    assert all(f"<code>{name}</code>" in page for name in (*scales, *sections))
