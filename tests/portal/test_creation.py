"""First migrations are quick and make what Django's own way makes."""

from importlib import import_module
from pathlib import Path

import pytest
from django.db import ConnectionHandler, migrations, models
from django.db.migrations.state import ProjectState

from portal.records.creation import Creation

KEY = [("id", models.BigAutoField(primary_key=True))]
TWO = [
    migrations.CreateModel("Firm", [*KEY, ("name", models.CharField(max_length=9))]),
    migrations.CreateModel("Order", [*KEY, ("number", models.IntegerField())]),
    migrations.AddField("order", "firm", models.ForeignKey("things.firm", models.PROTECT)),
    migrations.AddField("firm", "friends", models.ManyToManyField("things.firm")),
    migrations.AddIndex("order", models.Index(fields=["number"], name="by_number")),
    migrations.AddConstraint(
        "order", models.UniqueConstraint(fields=["firm", "number"], name="once")
    ),
]
LONGER = migrations.AlterField("firm", "name", models.CharField(max_length=80))
UNLIKE = migrations.RunSQL("CREATE TABLE apart (id integer)")


def tables(kind: type[migrations.Migration], operations: list) -> tuple[set, ProjectState]:
    """Migrate an empty database; return what it holds then, and the state of the models."""
    empty = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    connection = ConnectionHandler(empty)["default"]
    migration = kind("0001_initial", "things")
    migration.operations = operations
    with connection.schema_editor() as editor:
        state = migration.apply(ProjectState(), editor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, name, sql FROM sqlite_master")
        found = set(cursor.fetchall())
    connection.close()
    return found, state


@pytest.mark.django_db
@pytest.mark.parametrize("more", [[], [LONGER], [UNLIKE]], ids=["tables", "altered", "sql"])
def test_a_first_migration_makes_what_django_makes(more: list) -> None:
    quick, usual = (tables(kind, [*TWO, *more]) for kind in (Creation, migrations.Migration))
    assert len(quick[0]) > 5
    assert quick == usual


@pytest.mark.parametrize("app", ["portal", "programs", "applications", "vouchers", "kamp"])
def test_every_app_begins_with_one(app: str) -> None:
    """In a new database: the first file and the one that stands for all of the files so far."""
    names = sorted(path.stem for path in Path(app, "migrations").glob("0001_*.py"))
    assert len(names) == 2
    for name in names:
        first = import_module(f"{app}.migrations.{name}").Migration
        assert issubclass(first, Creation)
        begun = first(name, app)
        assert all(map(begun.is_creation, begun.operations))
