"""A sub-programme and a year nobody has heard of: a data file, no Python, applied for by pages."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from applications.models import Application
from applications.queries.intake import drafting
from applications.states import ApplicationState
from portal.core.clock import KST, now
from programs.models import ProgramRound, SubProgram
from tests.applications.views.intake.filling import Applicant
from tests.factories import programs
from tests.portal import corpus

pytestmark = pytest.mark.django_db

ENERGY = """
code: energy
short: 에너지
name: 스마트 에너지 관리
summary: 공장에서 쓰는 에너지를 재고 줄이는 설비를 지원합니다.
intake: window
budget: {code: 2021/energy, won: [500_000_000, assumption]}
quota: {count: 20, kind: about, origin: assumption}
tracks:
  - {code: meter, name: 계측, grant_kind: [share, assumption], cap_won: [30_000_000, assumption],
     share_percent: [40, assumption]}
conditions:
  - {code: uses_power, kind: at_least, fact: power, number: 100, label: 계약 전력,
     message: 계약 전력이 100kW 이상이어야 합니다., origin: assumption}
questions:
  - {code: power, kind: integer, label: 계약 전력(kW), required: true, self_check: true,
     origin: assumption}
  - {code: plan, kind: long_text, label: 절감 계획, required: true, origin: assumption}
cost_items:
  - {code: meters, label: 계측 설비}
criteria:
  - {code: saving, label: 절감 효과, points: 100, core: true, origin: assumption}
"""


def load_file(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Write a data file like the one of 2021 and load it by the operator's command."""
    content = programs.document()
    change(content)
    path = folder / "catalogue.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True))
    call_command("load_catalogue", path, verbosity=0)


def an_eighth(content: dict[str, Any]) -> None:
    """Add the energy programme and its money, in a round that is open."""
    content["round"]["total_won"][0] += 500_000_000
    content["sub_programs"].append(yaml.safe_load(ENERGY))
    open_now(content)


def the_year_2022(content: dict[str, Any]) -> None:
    """Rename the round and its pots, and open it."""
    content["round"] |= {"code": "2022-1", "year": 2022, "name": "2022년 지원사업 1차"}
    for row in content["sub_programs"]:
        row["budget"]["code"] = row["budget"]["code"].replace("2021", "2022")
    open_now(content)


def open_now(content: dict[str, Any]) -> None:
    """Put the round's dates around today."""
    today = now().astimezone(KST).replace(microsecond=0)
    opens, closes = today - timedelta(days=3), today + timedelta(days=10)
    content["round"] |= {
        "opens_at": [opens.isoformat(), "assumption"],
        "closes_at": [closes.isoformat(), "assumption"],
    }


def paper(row: dict[str, Any]) -> io.BytesIO:
    """A small PDF, different for every paper."""
    code = row["document"]["code"]
    file = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % code.encode()))
    file.name = f"{code}.pdf"
    return file


def apply_by_pages(client: Client, program: SubProgram) -> Application:
    """Read about it, check oneself, fill every step, file."""
    about = f"/programs/{program.round.code}/{program.code}/"
    for page in (about, f"{about}self-check/", f"{about}preview/"):
        assert program.name in client.get(page).content.decode()
    applicant = Applicant(client, program)
    draft = applicant.begin()
    applicant.fill_questions(draft)
    applicant.fill_partners(draft)
    applicant.fill_documents(draft, paper)
    assert drafting.missing(drafting.load(draft), now=now()) == []
    assert applicant.submit(draft).status_code == 302
    return Application.objects.get(pk=draft.pk)


def test_an_eighth_sub_programme_is_a_data_file(client: Client, tmp_path: Path) -> None:
    load_file(tmp_path, an_eighth)
    filed = apply_by_pages(client, programs.program("energy"))
    assert filed.state == ApplicationState.SUBMITTED
    assert filed.number == f"2021-에너지-1차-{filed.pk:06d}"
    assert filed.submission.support_won == 4_000_000  # 40 % of the 10,000,000 that were typed
    codes = [row["code"] for row in client.get("/api/v1/programs/").json()["results"]]
    assert codes[-1] == "energy"
    assert len(codes) == 8


def test_the_round_of_2022_is_a_data_file(client: Client, tmp_path: Path) -> None:
    programs.load()
    load_file(tmp_path, the_year_2022)
    assert ProgramRound.objects.count() == 2
    program = SubProgram.objects.select_related("round", "pot").get(
        round__code="2022-1", code="robot"
    )
    filed = apply_by_pages(client, program)
    assert filed.number == f"2022-로봇-1차-{filed.pk:06d}"
    assert filed.sub_program.pot.code == "2022/robot"
