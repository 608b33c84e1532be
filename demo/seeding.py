"""The steps that make the demo's data, and how many of them are done.

The progress is a file beside the database: one process writes the data while another serves. A
start that finds the data unfinished makes them again from the beginning.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Step:
    """A command that makes a part of the data; it does nothing when the part exists."""

    command: str
    label: str


@dataclass(frozen=True)
class Progress:
    """How many steps are done, and the label of the one that runs or that failed."""

    done: int
    total: int
    label: str = ""
    failed: bool = False

    @property
    def finished(self) -> bool:
        return self.done >= self.total


# Pages can be shown and people can sign in once these are there.
FIRST = (
    Step("seed_accounts", "계정"),
    Step("seed_programs", "사업과 예산"),
    Step("load_panel", "모니터링단 회차"),
    Step("load_panel_reports", "소비자 보고서 양식"),
)
REST = (
    Step("seed_applications", "신청, 평가, 선정, 협약"),
    Step("seed_vouchers", "바우처 서비스와 모니터링단"),
    Step("seed_reports", "소비자 보고서"),
    Step("seed_kamp", "KAMP 사례와 검사"),
)


def steps() -> Sequence[Step]:
    """Return the steps that follow `FIRST`; tests select some of them."""
    requested = getattr(settings, "DEMO_STEPS", None)
    return [row for row in REST if requested is None or row.command in requested]


def progress() -> Progress | None:
    """Return the recorded progress; None before the first start."""
    try:
        return Progress(**json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def record(progress: Progress) -> None:
    """Replace the record in one step, so that no reader sees half of it."""
    part = _file().with_suffix(".part")
    part.write_text(json.dumps(asdict(progress)), encoding="utf-8")
    part.replace(_file())


def forget() -> None:
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "demo-progress.json"
