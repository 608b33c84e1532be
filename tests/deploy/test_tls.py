"""Database and Redis behind TLS, by nothing but their addresses; a foreign certificate is refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from bench import nginx, servers
from portal.environment import BASE_DIR
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("tls")]
DATABASE = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT ssl, current_setting('lock_timeout') FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    print(*cursor.fetchone())
"""
BROKER = """
import django; django.setup()
from portal.celery import app
from tests.patience import PATIENCE
with app.connection_for_write() as line:
    line.ensure_connection(max_retries=1, interval_start=0.1)
    app.send_task("portal.records.tasks.seal_audit", connection=line, retry=False)
print("sent")
"""


def run(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_SECRET_KEY": "a-key-for-the-encrypted-connections-that-opens-nothing-else",
        **given,
    }
    words = [sys.executable, "-c", code]
    return subprocess.run(
        words,
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the authority of our servers, with its key beside it, and a foreign one."""
    folder = tmp_path_factory.mktemp("tls")
    return tuple(nginx.write_certificate(folder / name) for name in ("own", "foreign"))


@pytest.fixture(scope="module")
def database(certificates: tuple[Path, Path]) -> Iterator[str]:
    """Yield the address of a PostgreSQL that takes encrypted connections only."""
    with servers.private_postgres() as server:
        assert server
        server.stop("fast")
        data = server.folder / "data"
        for name in ("fullchain.pem", "privkey.pem"):
            copied = Path(shutil.copy(certificates[0].parent / name, data / name))
            copied.chmod(0o600)
            shutil.chown(copied, data.stat().st_uid, data.stat().st_gid)
        with (data / "postgresql.conf").open("a") as conf:
            conf.write("ssl = on\nssl_cert_file = 'fullchain.pem'\nssl_key_file = 'privkey.pem'\n")
        (data / "pg_hba.conf").write_text("local all all trust\nhostssl all all all trust\n")
        server.start()
        yield server.url


@pytest.fixture(scope="module")
def broker(certificates: tuple[Path, Path], tmp_path_factory) -> Iterator[str]:
    """Yield the address of a Redis that takes encrypted connections only, with a password."""
    port, folder = servers.free_port(), certificates[0].parent
    words = [
        "redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "",
        "--tls-cert-file", str(certificates[0]), "--tls-key-file", str(folder / "privkey.pem"),
        "--tls-ca-cert-file", str(certificates[0]), "--tls-auth-clients", "no",
        "--requirepass", "canary", "--dir", str(tmp_path_factory.mktemp("redis")),
    ]  # fmt: skip
    with ExitStack() as exits:
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        exits.callback(server.wait, timeout=PATIENCE)
        exits.callback(server.terminate)
        servers.wait_until(lambda: servers.listens(port), what="Redis")
        yield f"rediss://127.0.0.1:{port}/0?ssl_cert_reqs=required&ssl_ca_certs={{authority}}"


def test_the_database_is_reached_encrypted_and_no_other_is_believed(database, certificates) -> None:
    own, foreign = certificates
    done = run(DATABASE, DATABASE_URL=f"{database}?sslmode=verify-full&sslrootcert={own}")
    assert done.stdout.split() == ["True", "5s"], done.stderr[-2000:]
    for query in (f"sslmode=verify-full&sslrootcert={foreign}", "sslmode=disable"):
        done = run(DATABASE, DATABASE_URL=f"{database}?{query}")
        assert done.returncode == 1
        assert "OperationalError" in done.stderr


def test_redis_is_reached_encrypted_and_no_other_is_believed(broker, certificates) -> None:
    own, foreign = certificates
    done = run(BROKER, CELERY_BROKER_URL=broker.format(authority=own), REDIS_PASSWORD="canary")
    assert done.stdout.split() == ["sent"], done.stderr[-2000:]
    with redis.Redis.from_url(broker.format(authority=own), password="canary") as client:
        assert client.llen("celery") == 1
    done = run(BROKER, CELERY_BROKER_URL=broker.format(authority=foreign), REDIS_PASSWORD="canary")
    assert done.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert "canary" not in done.stderr
