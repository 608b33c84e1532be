"""The facts of the source, the assumptions and other publications, as the data file lists them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).resolve().parent.parent / "catalogue" / "sources.yaml"


@cache
def sources(file: Path = FILE) -> dict[str, Any]:
    """Return `articles`, `assumptions` and `publications`, read once per process."""
    return yaml.safe_load(file.read_text("utf-8"))
