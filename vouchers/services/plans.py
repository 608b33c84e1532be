"""Load the report rules of a round from a data file."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from portal.core.errors import BadInput, NotFound
from portal.core.particles import with_particle
from portal.models import User
from programs.rules import deadlines
from vouchers.models import PanelRound, ReportPlan
from vouchers.rules.reports import writing
from vouchers.rules.rewards import activity, awards

FOLDER = Path(__file__).resolve().parents[1] / "catalogue" / "reports"


def files() -> list[Path]:
    """Return the files of report rules that come with the portal, in the order of their years."""
    return sorted(FOLDER.glob("20*.yaml"))


def read(path: Path) -> dict[str, Any]:
    """Read a file of report rules. Raises BadInput (`plan_unreadable`)."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as unreadable:
        raise BadInput(
            f"{with_particle(path, '을/를')} 읽을 수 없습니다.", code="plan_unreadable"
        ) from unreadable
    if not isinstance(content, dict):
        raise BadInput(f"{path}의 형식이 올바르지 않습니다.", code="plan_unreadable")
    return content


FIGURES = (
    "comment_days",
    "correction_days",
    "objection_days",
    "reminder_days",
    "similarity_percent",
    "section_percent",
)
PERIODS = ("comment_days", "correction_days", "objection_days")  # [days, origin, policy]


@transaction.atomic
def load(document: Mapping[str, Any], *, by: User | None, now: datetime) -> ReportPlan:
    """Write the plan of the round that the document names.

    What was submitted or awarded keeps the rules it was made under. Raises NotFound for an unknown
    round, BadInput (`form_data`, `formula`, `tiers`, `due_policy`).
    """
    round = PanelRound.objects.filter(code=document["round"]).first()
    if round is None:
        raise NotFound(f"모니터링단 회차가 없습니다: {document['round']}")
    origins = {name: document[name][1] for name in FIGURES}
    for part in ("form", "formula", "tiers", "insults"):
        origins[part] = document[part]["origin"]
    values = {name: document[name][0] for name in FIGURES} | {
        "form": {name: row for name, row in document["form"].items() if name != "origin"},
        "formula": {name: row for name, row in document["formula"].items() if name != "origin"},
        "tiers": document["tiers"]["rows"],
        "insults": document["insults"]["words"],
        "origins": origins,
    }
    named = {name: document[name][2] for name in PERIODS if len(document[name]) > 2}
    values["due_policies"] = {name: deadlines.policy_of(named, name) for name in PERIODS}
    writing.parse(values["form"])
    activity.parse(values["formula"])
    awards.parse(values["tiers"])
    plan, _ = ReportPlan.objects.update_or_create(round=round, defaults=values)
    return plan
