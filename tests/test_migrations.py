"""New migrations leave an earlier release able to go on; what would not is refused by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests import migrations

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

HEAD = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("kamp", "{last}")]
    operations = [{operation}]
"""
FIELD = 'migrations.AddField("workspace", "later", models.{field})'
SAFE = {
    "a column that may be empty": FIELD.format(field="TextField(null=True)"),
    "a column that the database fills in": FIELD.format(
        field='TextField(default="", db_default="")'
    ),
    "a table": 'migrations.CreateModel("Later", [("id", models.BigAutoField(primary_key=True))])',
    "an index": 'migrations.AddIndex("workspace", models.Index(fields=["name"], name="later"))',
}
UNSAFE = {
    "a column that only the new release fills in": (
        FIELD.format(field='TextField(default="")'),
        "NOT NULL constraint",
    ),
    "a column goes": ('migrations.RemoveField("workspace", "name")', "DROPPING columns"),
    "a column is renamed": (
        'migrations.RenameField("workspace", "name", "title")',
        "RENAMING columns",
    ),
    "a table goes": ('migrations.DeleteModel("DriftCheck")', "DROPPING table"),
    "a table is renamed": ('migrations.RenameModel("DriftCheck", "Drift")', "RENAMING tables"),
    "a type changes": (
        'migrations.AlterField("workspace", "name", models.IntegerField())',
        "ALTERING columns",
    ),
    "values become unique": (
        'migrations.AlterField("workspace", "name", models.CharField(max_length=100, unique=True))',
        "ADDING unique constraint",
    ),
}


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings):
    """Add a migration to those of kamp, for this test only; return its name."""

    def write(operation: str) -> str:
        last = max(name for app, name in MigrationLoader(connection).graph.leaf_nodes("kamp"))
        folder = tmp_path / "kamp_later"
        folder.mkdir()
        for path in (ROOT / "kamp/migrations").glob("*.py"):
            (folder / path.name).symlink_to(path)
        (folder / "9999_later.py").write_text(HEAD.format(last=last, operation=operation))
        monkeypatch.syspath_prepend(str(tmp_path))
        settings.MIGRATION_MODULES = {"kamp": "kamp_later"}
        return "9999_later"

    return write


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Let each test import its own package of that name."""
    yield
    for name in [name for name in sys.modules if name.startswith("kamp_later")]:
        del sys.modules[name]


def test_every_new_migration_may_run_before_the_processes_are_replaced() -> None:
    judged = list(migrations.to_judge())
    assert ("portal", "0008_request_ids") in judged
    assert [problem for app, name in judged for problem in migrations.problems(app, name)] == []


def test_every_migration_that_is_named_exists() -> None:
    known = MigrationLoader(connection).disk_migrations
    named = {(app, n) for app, names in migrations.NAMED["before_the_rule"].items() for n in names}
    named |= {tuple(name.split(".")) for name in migrations.NAMED["contracted"]}
    assert named <= set(known)


@pytest.mark.parametrize("what", SAFE)
def test_what_only_adds_is_let_through(written, what: str) -> None:
    name = written(SAFE[what])
    assert ("kamp", name) in list(migrations.to_judge())
    assert migrations.problems("kamp", name) == []


@pytest.mark.parametrize("what", UNSAFE)
def test_what_an_earlier_release_could_not_live_with_is_refused(written, what: str) -> None:
    operation, words = UNSAFE[what]
    name = written(operation)
    found = migrations.problems("kamp", name)
    assert any(words.lower() in problem.lower() for problem in found), found
