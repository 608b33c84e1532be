"""One subject, one name: the tables of docs/architecture.md against the modules of every layer."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "docs" / "architecture.md"
APPS = ("programs", "applications", "vouchers", "kamp")
LAYERS = ("rules", "models", "queries", "services", "jobs", "forms", "views", "admin", "api")
# Modules of a layer that belong to no subject: what all shapes of an API are built from.
WHOLE_LAYER = {"programs/api/fields", "kamp/models/choices"}


def subjects(app: str) -> dict[str, set[str]]:
    """Return the subjects of an app, each with the modules its packages may hold."""
    section = TABLES.read_text().split(f"### {app}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| (\w+) \|[^|]*\|[^|]*\|([^|]*)\|$", section, re.MULTILINE)
    return {
        name: {part.strip() for part in modules.split(",") if part.strip()}
        for name, modules in rows
        if name != "subject"
    }


def misplaced(app: str, known: dict[str, set[str]], root: Path = ROOT) -> list[str]:
    """List the modules below the app's layers that no row of its table allows."""
    found = []
    for layer in LAYERS:
        for path in sorted((root / app / layer).rglob("*.py")):
            inner = path.relative_to(root / app / layer).with_suffix("").parts
            place = "/".join((app, layer, *inner))
            if inner[-1] == "__init__" or place in WHOLE_LAYER:
                continue
            subject, *rest = inner
            allowed = subject in known and (not rest or set(rest) <= known[subject])
            if not allowed:
                found.append(place)
    return found


@pytest.mark.parametrize("app", APPS)
def test_every_module_is_named_after_its_subject(app: str) -> None:
    assert misplaced(app, subjects(app)) == []


@pytest.mark.parametrize("app", APPS)
def test_every_subject_and_module_of_the_table_exists(app: str) -> None:
    for subject, modules in subjects(app).items():
        homes = [ROOT / app / layer / subject for layer in LAYERS]
        there = [home for home in homes if home.is_dir() or home.with_suffix(".py").exists()]
        assert there, subject
        inner = {path.stem for home in there if home.is_dir() for path in home.glob("*.py")}
        assert modules <= inner, subject


def test_a_second_name_for_a_subject_is_found(tmp_path: Path) -> None:
    for name in ("rules/objection.py", "services/objections.py", "views/intake/other.py"):
        path = tmp_path / "applications" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    known = {"objection": set(), "intake": {"filing"}}
    assert misplaced("applications", known, tmp_path) == [
        "applications/services/objections",
        "applications/views/intake/other",
    ]
