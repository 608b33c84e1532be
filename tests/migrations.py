"""Hold new migrations to the rule of docs/operations.md: an earlier release must be able to go on.

`python -m tests.migrations` judges the SQL that PostgreSQL would be sent, with django-migration-linter,
of every migration that `tests/migrations.yaml` does not name. It exits with 1 when one is refused.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import yaml
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter.sql_analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

ROOT = Path(__file__).parents[1]
NAMED: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())


class Nowhere:
    """Output that nobody reads."""

    def write(self, text: str) -> None:
        pass


def ours() -> set[str]:
    """Return the labels of the project's own apps that have migrations."""
    here = [config for config in apps.get_app_configs() if Path(config.path).parent == ROOT]
    return {config.label for config in here if (Path(config.path) / "migrations").is_dir()}


def to_judge() -> Iterator[tuple[str, str]]:
    """Yield app and name of the migrations made since the rule, and of those not excepted by name."""
    before = {(app, name) for app, names in NAMED["before_the_rule"].items() for name in names}
    excepted = {tuple(name.split(".")) for name in NAMED["contracted"] or {}}
    known = MigrationLoader(connection).disk_migrations
    for app, name in sorted(known):
        if app in ours() and (app, name) not in before | excepted:
            yield app, name


def problems(app: str, name: str) -> list[str]:
    """Return what an earlier release could not live with in a migration, in words."""
    statements = call_command("sqlmigrate", app, name, stdout=Nowhere(), no_color=True)
    lines = [line for line in statements.splitlines() if line and not line.startswith("--")]
    errors, _, _ = analyse_sql_statements(PostgresqlAnalyser, lines)
    return [f"{app}.{name}: {error.message}" for error in errors]


def main() -> int:
    django.setup()
    judged = list(to_judge())
    found = [problem for app, name in judged for problem in problems(app, name)]
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len(judged)} migrations judged, {len(found)} refused")
    return 1 if found else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    # From `bench.servers`, which names an empty database.
    os.environ["PORTAL_TEST_DATABASE_URL"] = os.environ["DATABASE_URL"]
    sys.exit(main())
