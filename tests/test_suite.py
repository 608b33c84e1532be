"""The suite itself: what a test wrote is removed, the guards of the tables stay."""

import os
import re
from pathlib import Path

import pytest
import redis
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from bench import servers
from portal.access.roles import role_names
from portal.core.clock import now
from programs.models import Budget, LedgerEntry
from tests.run import NO_TEST_MATCHED, SERVED, passed

ROOT = Path(__file__).parents[1]


def pins(lock: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==[\w.+!]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_what_is_tested_is_what_runs() -> None:
    assert pins("requirements.lock")
    assert pins("requirements.lock") <= pins("requirements-dev.lock")


@pytest.mark.parametrize(
    ("codes", "arguments", "expected"),
    [
        ([0, 0], [], True),
        ([0, NO_TEST_MATCHED], ["-k money"], True),
        ([0, NO_TEST_MATCHED], [], False),
        ([NO_TEST_MATCHED, NO_TEST_MATCHED], ["tests/gone.py"], False),
        ([0, 1], ["-k money"], False),
    ],
)
def test_a_run_passes_only_when_a_test_ran(
    codes: list[int], arguments: list[str], expected: bool
) -> None:
    assert passed(codes, arguments) is expected


def test_the_locks_are_hashed_and_name_no_host() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_the_marks_of_the_servers_stand_in_the_files_of_the_tests() -> None:
    """The second session reads no file that names none; a mark from elsewhere would be missed."""
    mark = re.compile(rf"mark\.({SERVED.replace(' or ', '|')})\b")
    named = {path.name for path in ROOT.glob("tests/**/*.py") if mark.search(path.read_text())}
    assert len(named) > 20
    assert all(name.startswith("test_") for name in named)


def spend_and_flush() -> None:
    pot = Budget.objects.create(code="flush", name="비울 예산")
    kept = LedgerEntry.objects.create(
        budget=pot, kind="appropriate", amount_won=1, reference="flush", at=now()
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        kept.delete()
    call_command("flush", interactive=False, verbosity=0)
    assert not LedgerEntry.objects.exists()
    again = Budget.objects.create(code="flush", name="비울 예산")
    entry = LedgerEntry.objects.create(
        budget=again, kind="appropriate", amount_won=2, reference="flush", at=now()
    )
    again.refresh_from_db()
    assert again.appropriated_won == 2
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.delete()


@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_append_only_tables_and_leaves_their_guards() -> None:
    spend_and_flush()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_flush_empties_append_only_tables_on_postgresql() -> None:
    assert connection.vendor == "postgresql"
    spend_and_flush()


@pytest.mark.django_db(transaction=True)
def test_the_groups_are_there_after_a_flush() -> None:
    assert set(Group.objects.values_list("name", flat=True)) == role_names()
    assert not Budget.objects.filter(code="flush").exists()


@pytest.mark.redis
def test_the_redis_database_is_ours_alone(redis_url: str) -> None:
    with servers.closing(redis.Redis.from_url(redis_url)) as client:
        servers.empty_claimed_redis(client)  # as a test does that loses every message
    with servers.claimed_redis(os.environ["PORTAL_TEST_REDIS_URL"]) as other:
        assert other != redis_url
