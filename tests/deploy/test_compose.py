"""docker-compose.yml: valid, without a secret of its own, and its commands really serve."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
import yaml

from bench import servers
from bench.stack import COMPOSE, ROOT, SECRETS, Stack, composed, services
from tests.deploy import canaries, scrape
from tests.deploy.drive import ADDRESS, PASSWORD, drive_one_application
from tests.deploy.test_monitoring import expressions
from tests.patience import PATIENCE

SECRET_KEY = "a-key-for-the-composed-processes-that-opens-nothing-elsewhere"
DEMANDED = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
# What every answer tells browsers, whoever gives it.
RULES = (
    *("Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"),
    *("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"),
)
BACKUP = ROOT / "docker-compose.backup.yml"
OURS = ("migrate", "web", "worker", "heavy-worker", "beat")


@pytest.mark.parametrize("file", [COMPOSE, BACKUP], ids=lambda file: file.name)
def test_follows_the_compose_specification(file: Path) -> None:
    words = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_has_the_services_of_a_production_portal() -> None:
    names = set(yaml.safe_load(COMPOSE.read_text())["services"])
    assert names == {"db", "redis", *OURS, "nginx"}


def test_every_secret_comes_from_a_file_that_its_service_is_given() -> None:
    file = yaml.safe_load(COMPOSE.read_text())
    told = re.compile("(PASSWORD|_KEY|_FALLBACKS|SECRET|AUTH|TOKEN|FILES_URL)$")
    for service in file["services"].values():
        read = [str(service.get("command", "")), str(service.get("healthcheck", ""))]
        for name, value in service.get("environment", {}).items():
            assert not told.search(name), name
            read.append(str(value))
        mounted = set(re.findall(r"/run/secrets/(\w+)", " ".join(read)))
        assert mounted == set(service.get("secrets", []))
        assert mounted <= set(file["secrets"])


def test_what_makes_backups_adds_to_services_and_gives_each_its_secrets() -> None:
    base, more = (yaml.safe_load(file.read_text()) for file in (COMPOSE, BACKUP))
    assert set(more["services"]) == {"db", "beat", "drill"}
    assert more["services"]["drill"]["extends"]["service"] in base["services"]
    assert not set(more["volumes"]) & set(base["volumes"])
    for service in more["services"].values():
        mounted = set(re.findall(r"/run/secrets/(\w+)", str(service.get("environment"))))
        assert mounted == set(service.get("secrets", []))
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in more["volumes"] or (ROOT / source).exists()
    command = " ".join(more["services"]["db"]["command"])
    assert "archive_timeout=60" in command
    assert "archive.sh %p" in command


def test_the_secrets_are_made_once_and_are_good_enough(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run(["sh", SECRETS, folder], check=True)
        made = {path.name: path.read_text() for path in folder.iterdir()}
        if _ == 0:
            first = made
    assert made == first
    files = [yaml.safe_load(file.read_text()) for file in (COMPOSE, BACKUP)]
    assert set(made) == {name for file in files for name in file["secrets"]}
    keys = [made[name] for name in made if name.endswith("_key")]
    assert len(set(keys)) == len(keys)
    assert folder.stat().st_mode & 0o777 == 0o700
    given = {f"{name.upper()}_FILE": str(folder / name) for name in made}
    given |= {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgres://portal@db/portal",
        "CELERY_BROKER_URL": "redis://redis/0",
    }
    words = [
        sys.executable,
        "-c",
        "import portal.settings as s; print(s.DATABASE_URL, s.BROKER_URL)",
    ]
    done = subprocess.run(words, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        f"postgres://portal:{made['database_password']}@db/portal",
        f"redis://:{made['redis_password']}@redis/0",
    ]


@pytest.mark.parametrize("missing", sorted(DEMANDED))
def test_refuses_to_start_without(missing: str) -> None:
    given = {name: "given" for name in DEMANDED if name != missing}
    with pytest.raises(KeyError, match=missing):
        services(given)


def test_the_example_environment_names_exactly_what_is_demanded() -> None:
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given) == DEMANDED
    assert set(given.values()) == {""}


@pytest.mark.parametrize("key", ["", "change-me", "secret", "insecure-demo-key", "x" * 49])
def test_the_settings_refuse_a_default_or_short_key(key: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_SECRET_KEY": key,
        "DJANGO_SETTINGS_MODULE": "",
    }
    words = [sys.executable, "-c", "import portal.settings"]
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "PORTAL_SECRET_KEY" in done.stderr


def test_the_settings_accept_a_long_random_key() -> None:
    environment = {"PATH": os.environ["PATH"], "PORTAL_SECRET_KEY": SECRET_KEY}
    words = [sys.executable, "-c", "import portal.settings"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", OURS)
def test_runs_without_rights_of_the_administrator(name: str) -> None:
    service = yaml.safe_load(COMPOSE.read_text())["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_is_pinned_by_hashes_and_runs_as_a_plain_user() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r requirements.lock" in dockerfile
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["portal"]


def test_only_the_one_that_collects_them_writes_static_files_apart_from_uploads() -> None:
    file = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in OURS:
        uploads, static = (row.split(":") for row in file[name]["volumes"])
        assert (uploads[:2], static[:2]) == (["files", "/data"], ["static", "/static"])
        assert (static[2:] == ["ro"]) is (name != "migrate")


def test_every_image_may_be_pinned_by_digest(tmp_path: Path) -> None:
    file = yaml.safe_load(COMPOSE.read_text())["services"]
    images = [row["image"] for name, row in file.items() if name not in OURS]
    images.append(file["web"]["build"]["args"]["PYTHON_IMAGE"])
    named = dict(re.fullmatch(r"\$\{(\w+_IMAGE):-([^}]+)\}", image).groups() for image in images)
    assert f"ARG PYTHON_IMAGE={named['PYTHON_IMAGE']}\nFROM ${{PYTHON_IMAGE}}\n" in (
        ROOT / "Dockerfile"
    ).read_text().replace("\r", "")
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho "sha256:$(printf %s "$4" | sha256sum | cut -c1-64)"\n')
    docker.chmod(0o755)
    done = subprocess.run(
        ["sh", "deploy/images.sh"],
        cwd=ROOT,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert set(printed) == set(named)
    for name, image in printed.items():
        assert re.fullmatch(
            re.escape(named[name].rpartition(":")[0]) + "@sha256:[0-9a-f]{64}", image
        )
    docker.write_text("#!/bin/sh\nexit 1\n")
    refused = subprocess.run(
        ["sh", "deploy/images.sh"],
        cwd=ROOT,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    assert refused.returncode != 0


def open_a_call(stack: Stack) -> None:
    """Let one sub-programme take applications until tomorrow."""
    with closing(psycopg2.connect(stack.environments["web"]["DATABASE_URL"])) as db:
        cursor = db.cursor()
        cursor.execute(
            "UPDATE programs_subprogram SET opens_at = now() - interval '1 hour', closes_at ="
            " now() + interval '1 day' WHERE id = (SELECT min(id) FROM programs_subprogram"
            " WHERE intake = 'window')"
        )
        assert cursor.rowcount == 1
        db.commit()


# --- The very commands, as processes --------------------------------------------------------------


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with composed(
        tmp_path_factory.mktemp("composed"),
        postgres=os.environ["PORTAL_TEST_DATABASE_URL"],
        PORTAL_LOG_LEVEL="DEBUG",  # all that could be told is told
    ) as running:
        yield running


@pytest.mark.compose
@pytest.mark.xdist_group("compose")
class TestComposedProcesses:
    """In order: the last ones take the processes down."""

    def test_the_home_page_and_its_stylesheet_come_through_nginx(self, stack: Stack) -> None:
        client = stack.session()
        page = client.get(f"{stack.base_url}/", timeout=20)
        assert page.status_code == 200, stack.log("web")
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        sheets = re.findall(r'href="(/static/[^"]+\.css)"', page.text)
        assert sheets
        for address in sheets:
            sheet = client.get(stack.base_url + address, timeout=PATIENCE)
            assert sheet.status_code == 200
            assert "immutable" in sheet.headers["Cache-Control"]

    def test_plain_http_is_sent_to_https(self, stack: Stack) -> None:
        for host in ("localhost", "evil.example"):
            answer = stack.session().get(
                f"{stack.plain_url}/x?y=1",
                headers={"Host": host},
                timeout=PATIENCE,
                allow_redirects=False,
            )
            assert answer.status_code == 301
            assert answer.headers["Location"] == f"{stack.base_url}/x?y=1"

    def test_what_nginx_answers_itself_carries_the_headers_too(self, stack: Stack) -> None:
        client = stack.session()
        answers = [
            client.get(f"{stack.base_url}/", timeout=20),
            client.get(f"{stack.base_url}/nginx-health", timeout=10),
            client.request("TRACE", f"{stack.base_url}/", timeout=10),
            client.post(stack.base_url, data=bytes(25 * 1024**2), timeout=PATIENCE),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 405, 413]
        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            for word in ("frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
                assert policy.count(word) == 1
            told = {name: answer.headers.get(name) for name in RULES}
            assert told == {name: answers[0].headers[name] for name in RULES}
        numbers = {answer.headers["X-Request-ID"] for answer in answers}
        assert len(numbers) == len(answers)
        again = client.get(f"{stack.base_url}/", timeout=20)
        assert again.headers["X-Cache-Status"] != "BYPASS"
        assert again.headers["X-Request-ID"] not in numbers  # also where the page is a kept one
        assert "camera=()" in answers[0].headers["Permissions-Policy"]
        assert answers[-1].headers["X-Request-ID"] in answers[-1].text  # the number to quote

    def test_a_report_of_a_browser_is_small(self, stack: Stack) -> None:
        client, address = stack.session(), f"{stack.base_url}/csp-report/"
        assert client.post(address, data=bytes(32 * 1024), timeout=PATIENCE).status_code == 413
        report = {"csp-report": {"blocked-uri": "inline"}}
        assert client.post(address, json=report, timeout=PATIENCE).status_code == 204

    def test_a_body_of_two_lengths_is_refused(self, stack: Stack) -> None:
        address = urlsplit(stack.base_url)
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        for second in ("Transfer-Encoding: chunked", "Content-Length: 5"):
            with (
                socket.create_connection(
                    (address.hostname, address.port), timeout=PATIENCE
                ) as plain,
                trust.wrap_socket(plain, server_hostname="localhost") as line,
            ):
                line.sendall(
                    f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 4\r\n{second}"
                    "\r\n\r\n0\r\n\r\n".encode()
                )
                assert line.recv(64).startswith(b"HTTP/1.1 400")

    def test_everything_it_needs_is_ready(self, stack: Stack) -> None:
        inside = {"X-Forwarded-Proto": "https"}  # else the portal redirects to https
        answer = stack.session().get(f"{stack.web_url}/readyz/", headers=inside, timeout=10)
        assert answer.status_code == 200, answer.text
        assert answer.json()["database"] == "postgresql"
        assert answer.json()["least_rights"] is True
        assert stack.session().get(f"{stack.base_url}/readyz/", timeout=10).status_code == 404

    def test_a_made_up_client_address_is_not_believed(self, stack: Stack) -> None:
        conf = (stack.folder / "nginx/portal.conf").read_text()
        assert "proxy_set_header X-Forwarded-For $remote_addr;" in conf
        assert "$proxy_add_x_forwarded_for" not in conf

    def test_nothing_of_the_data_folder_is_served(self, stack: Stack) -> None:
        private = stack.folder / "data" / "private"
        private.mkdir(exist_ok=True)
        (private / "probe.txt").write_text("private")
        for path in ("private/probe.txt", "static/../private/probe.txt", "media/probe.txt"):
            answer = stack.session().get(f"{stack.base_url}/{path}", timeout=10)
            assert answer.status_code in {400, 404}
            assert "private" not in answer.text

    def test_an_upload_beyond_every_limit_is_refused_with_a_page(self, stack: Stack) -> None:
        answer = stack.session().post(stack.base_url, data=bytes(25 * 1024**2), timeout=PATIENCE)
        assert answer.status_code == 413
        assert "20MB까지" in answer.text

    @pytest.mark.parametrize(
        ("path", "kept"),
        [
            ("kamp/lab/datasets/1/", False),
            ("applications/1/supplement/", False),
            ("admin/vouchers/catalogueimport/start/", False),
            ("accounts/login/", True),  # where a small form is expected, 24 MB are taken first
        ],
    )
    def test_a_visitor_s_large_file_is_not_kept(self, stack: Stack, path: str, kept: bool) -> None:
        master = stack.running["nginx"].pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        seen = []

        def body() -> Iterator[bytes]:
            # nginx unlinks its temporary files at once: only its open ones tell.
            for _ in range(20):
                links = [link for pid in workers for link in Path(f"/proc/{pid}/fd").iterdir()]
                seen.append(any("client_body" in str(link.readlink()) for link in links))
                yield bytes(1024**2)

        answer = stack.session().post(
            f"{stack.base_url}/{path}", data=body(), timeout=20, allow_redirects=False
        )
        if not kept:
            assert answer.status_code == 302
            assert "/accounts/login/" in answer.headers["Location"]
        assert any(seen) is kept

    def test_the_log_holds_no_query_and_no_token(self, stack: Stack) -> None:
        client = stack.session()
        for path in ("invitations/s3cret/", "partners/s3cret/", "receipts/?number=s3cret"):
            client.get(f"{stack.base_url}/{path}", timeout=10)
        log = stack.log("nginx") + stack.log("web")
        assert "GET /invitations/***" in log
        assert "s3cret" not in log

    def test_one_application_goes_all_the_way(self, stack: Stack) -> None:
        visitor, _ = drive_one_application(stack)
        cookies = list(visitor.client.cookies)
        assert {"__Host-sessionid", "__Host-csrftoken"} <= {cookie.name for cookie in cookies}
        for cookie in cookies:
            assert cookie.name.startswith("__Host-")
            assert (cookie.secure, cookie.path, cookie.domain_specified) == (True, "/", False)
        number = visitor.filed_by
        assert number in stack.whole_log("nginx")
        for name, what in (("web", "request"), ("worker", "job"), ("worker", "mail")):
            lines = [json.loads(line) for line in stack.whole_log(name).splitlines() if "{" in line]
            mine = [line for line in lines if line.get("request_id") == number]
            assert what in {line["message"] for line in mine}, (name, what)

    def test_no_log_holds_who_applied_what_they_typed_or_what_opens_something(
        self, stack: Stack
    ) -> None:
        logs = {name: stack.whole_log(name) for name in (*OURS, "nginx")}
        logs["mail"] = "".join(path.read_text() for path in stack.mailbox.iterdir())
        typed = (ADDRESS, PASSWORD, "컴포즈정밀", "산단로", "담당자")
        for name in (*OURS, "nginx"):
            assert [words for words in typed if words in logs[name]] == [], name
        assert ADDRESS in logs["mail"]  # they would have been seen

    def test_a_job_of_a_newer_release_waits(self, stack: Stack) -> None:
        with closing(psycopg2.connect(stack.environments["web"]["DATABASE_URL"])) as db:
            cursor = db.cursor()
            cursor.execute(
                "INSERT INTO portal_job (kind, key, args, state, total, done, attempts,"
                " postponements, stage, error, cause, result, created_at) VALUES ('test.newer',"
                " 'newer', '{}', 'queued', 0, 0, 0, 0, '', '', '', '{}', now())"
            )
            db.commit()

            def told() -> str:
                cursor.execute("SELECT error FROM portal_job WHERE kind = 'test.newer'")
                db.commit()
                return cursor.fetchone()[0]

            servers.wait_until(told, what="a sweep")
            assert "새 버전" in told()

        def seen() -> float:
            rows = scrape.samples(stack.metrics("beat"))
            return scrape.total(rows, "portal_jobs_unknown", kind="test.newer")

        servers.wait_until(lambda: seen() == 1, what="the figure")

    def test_every_service_tells_its_metrics_inside_only(self, stack: Stack) -> None:
        open_a_call(stack)
        stack.run("migrate", "python", "manage.py", "verify_audit")
        servers.wait_until(
            lambda: "portal_call_closes_seconds{" in stack.metrics("beat"),
            what="a read after the one that is kept",
        )
        found = {name: scrape.samples(stack.metrics(name)) for name in OURS if name != "migrate"}
        assert scrape.total(found["web"], "portal_requests_total", status="200") > 20
        assert scrape.total(found["web"], "portal_uploads_total", verdict="passed") >= 5
        assert scrape.total(found["worker"], "portal_jobs_total", outcome="done") >= 1
        assert scrape.total(found["worker"], "portal_mails_total", outcome="sent") >= 2
        assert scrape.total(found["beat"], "portal_pot_appropriated_won") > 0
        for name, rows in found.items():
            assert scrape.total(rows, "portal_database_up") == 1, name
            assert scrape.total(rows, "portal_broker_up") == 1, name
        text = "".join(stack.metrics(name) for name in found)
        assert "compose.example" not in text  # the address of who applied
        every = [row for rows in found.values() for row in rows]
        missing = {each for asked in expressions() for each in scrape.lacking(asked, every)}
        assert missing == set()
        assert stack.session().get(f"{stack.base_url}/metrics", timeout=10).status_code == 404
        ports = [stack.environments[name]["PORTAL_METRICS_PORT"] for name in found]
        conf = (stack.folder / "nginx/portal.conf").read_text()
        assert [port for port in ports if port in conf] == []

    def test_no_secret_of_a_journey_is_told(self, stack: Stack) -> None:
        secrets = canaries.gather(stack)
        assert len(secrets) > 15
        letters = "".join(path.read_text() for path in stack.mailbox.iterdir())
        assert set(canaries.told(secrets, letters)) == {"invitation", "reset link"}
        answer = canaries.broken(stack)
        assert answer.status_code == 500
        assert canaries.told(secrets, answer.text) == []
        servers.wait_until(
            lambda: "Internal Server Error" in canaries.logs(stack), what="the line of the failure"
        )
        text = canaries.logs(stack)
        assert "DEBUG" in text
        assert canaries.told(secrets, text) == []

        rows = canaries.rows(stack)
        assert canaries.told(secrets, rows["auditlog_logentry"]) == []
        # Sessions are found by their key; the invitation stands in the letter that its reader sees.
        opening = {k: each for k, each in secrets.items() if k not in ("session", "invitation")}
        kept = {name: canaries.told(opening, text) for name, text in rows.items()}
        assert {name: found for name, found in kept.items() if found} == {}

        away = {"DATABASE_URL": "postgres://portal@127.0.0.1:1/portal"}
        shown = [
            canaries.printed(stack, "check", "--deploy", "--database", "default"),
            canaries.printed(stack, "reencrypt_factors"),
            canaries.printed(stack, "verify_audit", **away),
        ]
        assert [canaries.told(secrets, each) for each in shown] == [[], [], []]

    def test_a_visitor_is_told_when_the_portal_is_down(self, stack: Stack) -> None:
        assert stack.stop("web") == 0, stack.log("web")
        answer = stack.session().get(f"{stack.base_url}/accounts/login/", timeout=10)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert "보관되어 있습니다" in answer.text
        stack.start("web")
        servers.wait_until(lambda: stack.healthy("web"), what="web")

    @pytest.mark.parametrize("name", ["beat", "heavy-worker", "worker", "web"])
    def test_stops_cleanly_when_asked(self, stack: Stack, name: str) -> None:
        assert stack.stop(name) == 0, stack.log(name)
