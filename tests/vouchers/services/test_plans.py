"""The report rules of every year come with the portal and are loaded when it is prepared."""

import pytest
from django.core.management import CommandError, call_command

from tests.factories import vouchers as make
from vouchers.models import ReportPlan
from vouchers.services import plans
from vouchers.services.panel import data_file

pytestmark = pytest.mark.django_db


def test_a_prepared_portal_has_the_report_form_of_every_panel() -> None:
    call_command("prepare", verbosity=0)
    rounds = {plans.read(path)["round"] for path in plans.files()}
    assert set(ReportPlan.objects.values_list("round__code", flat=True)) == rounds
    assert len(plans.files()) == len(data_file.files())


def test_every_file_that_is_there_is_loaded(tmp_path, monkeypatch) -> None:
    text = plans.files()[0].read_text(encoding="utf-8")
    codes = {make.panel(code=f"panel-{year}").code for year in (2021, 2022)}
    for code in codes:
        path = tmp_path / f"{code[-4:]}.yaml"
        path.write_text(text.replace("round: panel-2021", f"round: {code}"), encoding="utf-8")
    monkeypatch.setattr(plans, "FOLDER", tmp_path)
    call_command("load_panel_reports", verbosity=0)
    assert set(ReportPlan.objects.values_list("round__code", flat=True)) == codes


def test_a_file_of_an_unknown_round_is_named(tmp_path) -> None:
    text = plans.files()[0].read_text(encoding="utf-8")
    path = tmp_path / "2099.yaml"
    path.write_text(text.replace("round: panel-2021", "round: panel-2099"), encoding="utf-8")
    with pytest.raises(CommandError, match="2099.yaml"):
        call_command("load_panel_reports", path, verbosity=0)
