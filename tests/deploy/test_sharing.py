"""What the real nginx keeps of what strangers share: never for or from a person, and one for all."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from bench import nginx, servers
from bench.nginx import TEMPLATE
from portal.access.decorators import shared_query
from portal.settings import CSRF_COOKIE_NAME, MESSAGES_COOKIE_NAME, SESSION_COOKIE_NAME
from portal.web.shared import SHARED
from tests.factories import programs
from tests.factories.applications import UserFactory
from tests.patience import PATIENCE
from tests.test_access import sample_of

BYPASS = "$asks_for_oneself $http_authorization $not_shared $odd_query;"


# --- What it asks about ---------------------------------------------------------------------------


def mapped(name: str, text: str) -> str:
    """Return what a `map` of the template gives for a text, as nginx does: "" matches no pattern."""
    block = re.search(rf"^map \S+ \${name} {{\n(.*?)^}}", TEMPLATE.read_text(), re.M | re.S)
    assert block
    if not text and '"" "";' in block[1]:
        return ""
    for flags, pattern, value in re.findall(r'^\s*"~(\*?)(.*)" (\S+);$', block[1], re.M):
        if text and re.search(pattern, text, re.I if flags else 0):
            return value.strip('"')
    default = re.search(r"^\s*default (\S+);$", block[1], re.M)
    assert default
    return default[1].strip('"')


def routes(resolver: URLResolver | None = None, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield an address of each pattern, and its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        piece = sample_of(entry.pattern)
        if piece is None:
            continue
        if isinstance(entry, URLPattern):
            yield f"/{at}{piece}", entry.callback
        else:
            yield from routes(entry, at + piece)


def test_it_keeps_the_addresses_that_are_shared_and_no_other() -> None:
    found = {path: shared_query(view) for path, view in routes()}
    kept = {path for path in found if not mapped("not_shared", path)}
    assert kept == {path for path, names in found.items() if names is not None}
    assert {path for path in found if not mapped("not_shared", f"{path}?a=b")} == kept
    for path in kept - {"/"}:
        for other in (f"{path}/x", f"/x{path}", f"/{path}"):
            assert mapped("not_shared", other) == "yes", other


def test_it_keeps_the_queries_that_are_shared_and_no_other() -> None:
    names = {name for _, view in routes() for name in shared_query(view) or ()}
    for query in ("", *(f"{name}=a" for name in names), "round=a&page=2", "round="):
        assert mapped("odd_query", query) == "", query
    for query in ("q=a", "utm_source=a", "round=a&q=a", "around=a", "round", "number=1&sha256=2"):
        assert mapped("odd_query", query) == "yes", query


def test_it_knows_the_cookies_of_a_person() -> None:
    for name in (SESSION_COOKIE_NAME, MESSAGES_COOKIE_NAME):
        for cookies in (f"{name}=a", f"x=1; {name}=a", f"x=1;{name}=a; y=2", f"__Host-{name}=a"):
            assert mapped("asks_for_oneself", cookies) == "yes", cookies
    for cookies in ("", f"{CSRF_COOKIE_NAME}=a", "portal_known=a; author=b"):
        assert mapped("asks_for_oneself", cookies) == "", cookies


# --- Two people, strangers and one nginx ----------------------------------------------------------

Front = Callable[..., str]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Start an nginx before a port, with the template or another; return its address."""
    running: list[subprocess.Popen[bytes]] = []
    certificate = nginx.write_certificate(tmp_path / "tls")

    def start(web: int, template: str | None = None) -> str:
        https = servers.free_port()
        base = f"https://localhost:{https}"
        with (tmp_path / "nginx.log").open("ab") as log:
            process = nginx.start(
                tmp_path / "nginx",
                origin=base,
                web=web,
                http=servers.free_port(),
                https=https,
                certificate=certificate,
                log=log,
                template=template,
            )
        running.append(process)
        servers.wait_until(lambda: answers(f"{base}/nginx-health"), what="nginx")
        return base

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=PATIENCE)


def answers(address: str) -> bool:
    try:
        return read(address).ok
    except requests.ConnectionError:
        return False


def read(
    address: str, *, cookies: dict[str, str] | None = None, **headers: str
) -> requests.Response:
    client = requests.Session()
    client.trust_env = client.verify = False
    return client.get(address, cookies=cookies, headers=headers, timeout=PATIENCE)


def cache_status(answer: requests.Response) -> str:
    return answer.headers.get("X-Cache-Status", "")


PAGE_OF_A_STRANGER = "somebody who has signed in got the page of a stranger"


def told_apart(base: str, people: dict[str, dict[str, str]]) -> None:
    """Read shared pages as strangers and people in turn; each must get what is theirs."""
    for _ in range(3):
        for path in ("/", "/programs/", "/vouchers/"):
            for cookies in people.values():
                theirs = read(base + path, cookies=cookies)
                assert theirs.status_code == 200, path
                assert "로그아웃" in theirs.text, PAGE_OF_A_STRANGER
                assert theirs.headers["Cache-Control"] == "private, no-store"
                strangers = read(base + path, cookies={"portal_known": "x", "csrftoken": "y" * 32})
                assert strangers.status_code == 200, path
                assert "로그아웃" not in strangers.text, path
                assert strangers.headers["Cache-Control"] == SHARED
                assert "Set-Cookie" not in strangers.headers


@pytest.fixture
def people(transactional_db: None) -> dict[str, dict[str, str]]:
    """The cookies of two signed-in people."""
    programs.load()
    found = {}
    for name in ("first", "second"):
        client = Client()
        client.force_login(UserFactory())
        found[name] = {
            settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value
        }
    return found


@pytest.mark.compose
@pytest.mark.xdist_group("compose")
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
class TestTwoPeopleAndOneCache:
    def test_nobody_gets_the_page_of_somebody_else(
        self, live_server: Any, front: Front, people: dict[str, dict[str, str]]
    ) -> None:
        base = front(live_server.thread.port)
        told_apart(base, people)
        assert cache_status(read(f"{base}/")) in {"HIT", "STALE", "UPDATING"}
        for cookies in people.values():
            assert cache_status(read(f"{base}/", cookies=cookies)) == "BYPASS"
        assert cache_status(read(f"{base}/", Authorization="Bearer x")) == "BYPASS"
        # A form's token is each visitor's own.
        signs_in = [read(f"{base}/accounts/login/") for _ in range(2)]
        assert signs_in[0].cookies["csrftoken"] != signs_in[1].cookies["csrftoken"]
        assert [cache_status(answer) for answer in signs_in] == ["BYPASS"] * 2
        absent = [read(f"{base}/programs/2021-1/none/") for _ in range(2)]
        assert [answer.status_code for answer in absent] == [404, 404]
        assert "HIT" not in [cache_status(answer) for answer in absent]
        odd = [read(f"{base}/?utm_source=x") for _ in range(2)]
        assert [cache_status(answer) for answer in odd] == ["BYPASS"] * 2
        first = read(f"{base}/sources/")
        again = read(f"{base}/sources/", **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_without_the_bypass_somebody_would(
        self, live_server: Any, front: Front, people: dict[str, dict[str, str]]
    ) -> None:
        template = TEMPLATE.read_text()
        assert template.count(BYPASS) == 2
        without = template.replace(BYPASS, "$not_shared $odd_query;")
        base = front(live_server.thread.port, without)
        with pytest.raises(AssertionError, match=PAGE_OF_A_STRANGER):
            told_apart(base, people)
        # The portal itself still lets nothing of a person be kept.
        assert "로그아웃" not in read(f"{base}/").text


# --- Many readers ---------------------------------------------------------------------------------


@dataclass
class Web:
    """A portal of one page, which counts what it was asked."""

    port: int = 0
    asked: int = 0
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": SHARED})
    status: int = 200
    seconds: float = 0.2


@pytest.fixture
def web() -> Iterator[Web]:
    made, counted = Web(), threading.Lock()

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with counted:
                made.asked += 1
                body = f"{self.path} {made.asked}".encode()
            time.sleep(made.seconds)
            self.send_response(made.status)
            for name, value in {**made.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_of: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Page)
    made.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.compose
@pytest.mark.xdist_group("compose")
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
class TestManyReaders:
    def test_those_who_come_together_cost_one_rendering(self, front: Front, web: Web) -> None:
        base = front(web.port)

        def visit(_: int) -> set[int]:
            client = requests.Session()
            client.trust_env = client.verify = False
            return {client.get(f"{base}/", timeout=20).status_code for _ in range(20)}

        began = time.monotonic()
        with ThreadPoolExecutor(10) as pool:
            assert list(pool.map(visit, range(10))) == [{200}] * 10
        took = time.monotonic() - began
        assert web.asked <= 2 + took  # one a second; 200 without the cache

    def test_a_page_that_is_not_shared_makes_nobody_wait_for_another(
        self, front: Front, web: Web
    ) -> None:
        web.headers = {"Cache-Control": "private"}
        base = front(web.port)
        barrier = threading.Barrier(8)

        def visit(_: int) -> requests.Response:
            barrier.wait()
            return read(f"{base}/accounts/login/")

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(visit, range(8)))
        assert len({answer.text for answer in answers}) == 8
        assert {cache_status(answer) for answer in answers} == {"BYPASS"}

    def test_an_error_is_not_kept_and_the_page_before_it_is_shown(
        self, front: Front, web: Web
    ) -> None:
        web.seconds = 0.0
        base = front(web.port)
        assert read(f"{base}/").text == "/ 1"
        web.status, web.headers = 503, {"Retry-After": "5"}
        until = time.monotonic() + 4  # beyond its time
        while time.monotonic() < until:
            answer = read(f"{base}/")
            assert (answer.status_code, answer.text) == (200, "/ 1")
            time.sleep(0.2)
        assert web.asked > 1
        assert [read(f"{base}/budget/").status_code for _ in range(2)] == [503, 503]
        web.status, web.headers = 200, {"Cache-Control": SHARED}
        servers.wait_until(lambda: read(f"{base}/").text != "/ 1", what="the new page")
        for status in (404, 500):
            web.status, web.headers = status, {}
            assert [read(f"{base}/sources/").status_code for _ in range(2)] == [status] * 2
            web.status, web.headers = 200, {"Cache-Control": SHARED}
            assert read(f"{base}/sources/?round={status}").status_code == 200

    def test_what_sets_a_cookie_is_not_kept_whatever_it_says(self, front: Front, web: Web) -> None:
        web.headers = {"Cache-Control": SHARED, "Set-Cookie": "sessionid=secret"}
        base = front(web.port)
        texts = [read(f"{base}/").text for _ in range(3)]
        assert texts == ["/ 1", "/ 2", "/ 3"]
