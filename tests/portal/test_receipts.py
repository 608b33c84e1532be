"""Receipts of restore drills: signed, never altered, shown to operators and to everybody."""

import json
import math
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from portal.core.clock import now
from portal.core.errors import PortalError
from portal.environment import BASE_DIR
from portal.models import RestoreReceipt
from portal.monitoring import figures
from portal.recovery import receipts
from portal.recovery.receipts import Drill
from portal.recovery.tasks import restore_drill

pytestmark = pytest.mark.django_db
BEAT = "import portal.settings as s; print(s.CELERY_BEAT_SCHEDULE.get('drill', {}).get('options'))"
FIRST, SECOND = "the-first-key-of-receipts-" * 2, "the-second-key-of-receipts-" * 2


@pytest.fixture(autouse=True)
def key(settings) -> None:
    settings.RECEIPT_KEYS = [FIRST]


def issued(*faults: str, hours: int = 0) -> RestoreReceipt:
    at = now() - timedelta(hours=hours)
    drill = Drill(
        begun_at=at - timedelta(seconds=125),
        to=at - timedelta(minutes=7),
        backup="20261129-031000F",
        rows={"portal_user": 3, "portal_job": 1_000},
        files=12,
        faults=list(faults),
    )
    return receipts.issue(drill, finished_at=at)


def test_a_receipt_is_ours_until_a_letter_or_a_column_changes() -> None:
    receipt = issued()
    stored = RestoreReceipt.objects.get()
    assert receipts.is_ours(stored)
    assert json.loads(stored.text)["rows"] == {"portal_job": 1_000, "portal_user": 3}
    for name, value in {
        "text": receipt.text.replace('"passed":true', '"passed":false'),
        "passed": False,
        "restored_to": receipt.restored_to + timedelta(seconds=1),
        "rows": 1_004,
        "files": 13,
        "signature": "00" * 64,
        "public_key": "00" * 32,
    }.items():
        stored = RestoreReceipt.objects.get()
        setattr(stored, name, value)
        assert not receipts.is_ours(stored), name


def test_a_receipt_outlives_the_key_that_signed_it(settings) -> None:
    issued()
    settings.RECEIPT_KEYS = [SECOND, FIRST]
    assert receipts.is_ours(receipts.newest())
    settings.RECEIPT_KEYS = [SECOND]
    assert not receipts.is_ours(receipts.newest())  # the control


def test_without_a_key_nothing_is_signed(settings) -> None:
    settings.RECEIPT_KEYS = []
    with pytest.raises(PortalError, match="PORTAL_RECEIPT_KEY"):
        issued()
    assert not RestoreReceipt.objects.exists()


@pytest.mark.parametrize("change", ["UPDATE {} SET passed = NOT passed", "DELETE FROM {}"])
def test_the_database_alters_and_removes_none(change: str) -> None:
    issued("a fault")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format("portal_restorereceipt"))


def test_operators_see_age_and_result(client: Client) -> None:
    assert client.get("/readyz/").json()["restored"] is None
    issued(hours=30)
    issued("x: y", hours=3)
    told = client.get("/readyz/").json()
    assert told["ready"] is True
    assert told["restored"]["age_hours"] == 3.0
    assert (told["restored"]["passed"], told["restored"]["signed"]) == (False, True)
    assert (told["restored"]["seconds"], told["restored"]["rows"]) == (125, 1_003)


def test_a_drill_that_is_due_or_failed_is_measured(settings) -> None:
    def told() -> dict[str, float]:
        return {row.name: row.values[()] for row in figures.drills(now())}

    assert told() == {"portal_restore_age_seconds": 0, "portal_restore_failed": 0}
    settings.BACKUP_CONFIG = "/etc/pgbackrest.conf"
    assert told()["portal_restore_age_seconds"] == math.inf
    issued("x: y", hours=50)
    found = told()
    assert found["portal_restore_failed"] == 1
    assert 180_000 <= found["portal_restore_age_seconds"] < 180_100


def test_everybody_sees_the_last_drill_without_its_faults(client: Client) -> None:
    assert "아직 복구 훈련을 하지 않았습니다" in client.get("/open-data/").content.decode()
    receipt = issued()
    page = client.get("/open-data/").content.decode()
    assert "마지막 복구 훈련:" in page
    assert "2분 5초 만에 복구해 기록 1,003개와 파일 12개를 확인했습니다. 이상이 없었습니다." in page
    told = client.get("/open-data/index.json").json()["restored"]
    assert told["signature"] == receipt.signature
    assert told["passed"] is True
    issued("portal_user 7: secret words")
    page = client.get("/open-data/").content.decode()
    assert "이상이 있어 바로잡고 있습니다" in page
    assert "secret words" not in page + client.get("/open-data/index.json").content.decode()


def test_a_drill_needs_postgresql_and_a_configuration(settings) -> None:
    with pytest.raises(CommandError, match="PORTAL_BACKUP_CONFIG"):
        call_command("restore_drill")
    if connection.vendor != "postgresql":
        with pytest.raises(CommandError, match="PostgreSQL에서만"):
            call_command("restore_drill", config="/nowhere/pgbackrest.conf")


def test_beat_asks_for_a_drill_where_backups_are_configured_and_once_for_each() -> None:
    for given, asked in (({}, False), ({"PORTAL_BACKUP_CONFIG": "/etc/x.conf"}, True)):
        done = subprocess.run(
            [sys.executable, "-c", BEAT],
            cwd=BASE_DIR,
            env={"PATH": os.environ["PATH"], "PORTAL_SECRET_KEY": FIRST, **given},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("'queue': 'drill'" in done.stdout) is asked
    assert (
        restore_drill.acks_late is False
    )  # given back when its connection is lost, it would begin again
    assert restore_drill.time_limit > 6 * 3600
