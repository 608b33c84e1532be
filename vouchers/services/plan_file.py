"""Where the report rules of each round are kept, and how they are read."""

from pathlib import Path
from typing import Any

import yaml

from portal.core.errors import BadInput

FOLDER = Path(__file__).resolve().parents[1] / "catalogue" / "reports"


def read(path: Path) -> dict[str, Any]:
    """Read a file of report rules. Raises BadInput (`plan_unreadable`)."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as unreadable:
        raise BadInput(f"{path}을(를) 읽을 수 없습니다.", code="plan_unreadable") from unreadable
    if not isinstance(content, dict):
        raise BadInput(f"{path}의 형식이 올바르지 않습니다.", code="plan_unreadable")
    return content
