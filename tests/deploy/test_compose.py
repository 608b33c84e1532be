"""docker-compose.yml: valid, without a secret of its own, and its commands really serve."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from bench import servers
from tests.deploy.drive import drive_one_application
from tests.deploy.stack import COMPOSE, ROOT, SECRET_KEY, Stack, composed, services

SECRETS = {"PORTAL_SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL"}
DEMANDED = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
OURS = ("migrate", "web", "worker", "beat")


def test_follows_the_compose_specification() -> None:
    words = ["check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_has_the_services_of_a_production_portal() -> None:
    names = set(yaml.safe_load(COMPOSE.read_text())["services"])
    assert names == {"db", "redis", "migrate", "web", "worker", "beat", "nginx"}


def test_every_secret_comes_from_the_environment() -> None:
    assert DEMANDED >= SECRETS
    mentioned = re.findall(r"\$\{(\w+)(:[?-])?", COMPOSE.read_text())
    assert {name for name, guard in mentioned if name in SECRETS and guard != ":?"} == set()


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


# --- The very commands, as processes --------------------------------------------------------------


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with composed(
        tmp_path_factory.mktemp("composed"),
        postgres=os.environ["PORTAL_TEST_DATABASE_URL"],
        broker=os.environ["PORTAL_TEST_REDIS_URL"],
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
            sheet = client.get(stack.base_url + address, timeout=10)
            assert sheet.status_code == 200
            assert "immutable" in sheet.headers["Cache-Control"]

    def test_plain_http_is_sent_to_https(self, stack: Stack) -> None:
        answer = stack.session().get(f"{stack.plain_url}/x?y=1", timeout=10, allow_redirects=False)
        assert answer.status_code == 301
        assert answer.headers["Location"] == "https://localhost/x?y=1"

    def test_everything_it_needs_is_ready(self, stack: Stack) -> None:
        answer = stack.session().get(f"{stack.base_url}/readyz/", timeout=10)
        assert answer.status_code == 200, answer.text
        assert answer.json()["database"] == "postgresql"

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
        answer = stack.session().post(stack.base_url, data=bytes(25 * 1024**2), timeout=20)
        assert answer.status_code == 413
        assert "20MB까지" in answer.text

    def test_one_application_goes_all_the_way(self, stack: Stack) -> None:
        drive_one_application(stack)

    def test_a_visitor_is_told_when_the_portal_is_down(self, stack: Stack) -> None:
        assert stack.stop("web") == 0, stack.log("web")
        answer = stack.session().get(f"{stack.base_url}/", timeout=10)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "30"
        assert "보관되어 있습니다" in answer.text
        stack.start("web")
        servers.wait_until(lambda: stack.healthy("web"), seconds=60, what="web")

    @pytest.mark.parametrize("name", ["beat", "worker", "web"])
    def test_stops_cleanly_when_asked(self, stack: Stack, name: str) -> None:
        assert stack.stop(name) == 0, stack.log(name)
