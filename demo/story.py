"""The demo's data: which commands make them, and how far they are.

The progress is a file beside the database: one process writes the data while another serves, and
a start that finds an unfinished story begins anew.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class Chapter:
    """A command that makes a part of the data; it does nothing when the part exists."""

    command: str
    label: str


@dataclass(frozen=True)
class Progress:
    """How many of the chapters are made, and which one is in the making."""

    done: int
    total: int
    label: str = ""

    @property
    def finished(self) -> bool:
        return self.done >= self.total


# Pages can be shown and people can sign in once these are there.
FIRST = (
    Chapter("seed_accounts", "계정"),
    Chapter("seed_programs", "사업과 예산"),
    Chapter("load_panel", "모니터링단 회차"),
    Chapter("load_panel_reports", "소비자 보고서 양식"),
)
REST = (
    Chapter("seed_applications", "신청, 평가, 선정, 협약"),
    Chapter("seed_vouchers", "바우처 서비스와 모니터링단"),
    Chapter("seed_reports", "소비자 보고서"),
    Chapter("seed_kamp", "KAMP 사례와 검사"),
)


def chapters() -> Sequence[Chapter]:
    """Return the chapters that follow `FIRST`; tests shorten them."""
    wanted = getattr(settings, "DEMO_CHAPTERS", None)
    return [row for row in REST if wanted is None or row.command in wanted]


def progress() -> Progress | None:
    """Return what was recorded last; None before the first start."""
    try:
        return Progress(**json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def record(now: Progress) -> None:
    """Write the progress so that a reader never sees half of it."""
    part = _file().with_suffix(".part")
    part.write_text(json.dumps(asdict(now)), encoding="utf-8")
    part.replace(_file())


def forget() -> None:
    """Remove the record, as for a first start."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "demo-progress.json"
