"""The panel of 2021 is a data file; loading it again changes nothing."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from portal.core.clock import KST
from portal.core.errors import RuleBroken
from programs.services.catalogue.data_file import read
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import PanelRound, QuotedFigure
from vouchers.services.panel import data_file, rounds

pytestmark = pytest.mark.django_db


@pytest.fixture
def document():
    return deepcopy(dict(read(data_file.files()[0])))


def test_the_panel_of_2021(document) -> None:
    data_file.load(document, by=None, now=NOW)
    panel = PanelRound.objects.get()
    assert panel.closes_at == datetime(2021, 2, 17, tzinfo=KST)  # to the end of 16 February
    assert panel.origins["closes_at"] == "source S24"
    assert (panel.target_count, panel.target_kind) == (100, "about")
    assert panel.award_pot.appropriated_won == 20_100_000
    assert [row.code for row in panel.kinds.all()] == ["sme", "expert", "student"]
    assert list(QuotedFigure.objects.values_list("value", flat=True)) == [361, 1476, 281, 1757]
    assert all(row.note and row.as_of for row in QuotedFigure.objects.all())


def test_loading_again_changes_nothing(document) -> None:
    data_file.load(document, by=None, now=NOW)
    assert data_file.load(document, by=None, now=NOW).touched == []


def test_dates_that_staff_moved_stay(document) -> None:
    data_file.load(document, by=None, now=NOW)
    panel = PanelRound.objects.get()
    moved = {name: NOW + timedelta(days=day) for day, name in enumerate(rounds.DATES, start=1)}
    rounds.reschedule(panel, **moved, by=make.operator(), now=NOW, reason="한 주 미룸")
    data_file.load(document, by=None, now=NOW)
    panel.refresh_from_db()
    assert panel.closes_at == moved["closes_at"]


def test_every_fault_is_reported_at_once(document) -> None:
    document["criteria"][0]["weight"] = [10, "assumption"]
    document["kinds"][0]["least_members"] = [90, "assumption"]
    with pytest.raises(RuleBroken) as refused:
        data_file.check(document)
    assert len(refused.value.findings) == 2


def test_a_figure_without_its_origin_is_refused(document) -> None:
    document["round"]["load"] = 8
    with pytest.raises(RuleBroken):
        data_file.check(document)
