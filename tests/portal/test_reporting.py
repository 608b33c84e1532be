"""Traces and errors reach a server of the operators where one is set, without personal data."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ROOT = Path(__file__).parents[2]
# One request through the very application of production; the view fails with a canary.
REQUEST = """
import io, json, sys
import portal.wsgi
from portal.web import views

def failing():
    secret = "canary-of-a-variable"
    raise RuntimeError("canary-of-an-exception")

views.now = failing
environ = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/readyz/",
    "QUERY_STRING": "q=canary-of-a-query",
    "HTTP_HOST": "localhost",
    "HTTP_COOKIE": "other=canary-of-a-cookie",
    "HTTP_AUTHORIZATION": "Bearer canary-of-a-token",
    "HTTP_USER_AGENT": "canary-of-an-agent",
    "REMOTE_ADDR": "203.0.113.77",
    "SERVER_NAME": "localhost", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.input": io.BytesIO(b"canary-of-a-body"), "wsgi.errors": sys.stderr,
    "wsgi.url_scheme": "http",
}
head = {}
answer = portal.wsgi.application(environ, lambda status, headers: head.update(headers, status=status))
list(answer)
loaded = {"sentry_sdk", "opentelemetry.instrumentation"} & set(sys.modules)
print(json.dumps([head["status"][:3], head["X-Request-ID"], *loaded]))
"""
CANARIES = ("canary", "203.0.113.77")


UNPACK = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is sent to it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        unpack = UNPACK[self.headers.get("Content-Encoding", "")]
        self.server.got.append((self.path, unpack(body)))
        self.send_response(200)
        traces = "traces" in self.path
        self.send_header("Content-Type", "application/x-protobuf" if traces else "application/json")
        self.end_headers()
        self.wfile.write(ExportTraceServiceResponse().SerializeToString() if traces else b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def one_request(**given: str) -> list[str]:
    """Return status, number and loaded libraries of one request."""
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_DEBUG": "",
        "PORTAL_SECRET_KEY": "a-key-of-one-request-that-opens-nothing-anywhere-else",
        "DATABASE_URL": "sqlite://:memory:",
        **given,
    }
    words = [sys.executable, "-c", REQUEST]
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_an_error_is_reported_without_what_was_sent() -> None:
    with receiver() as server:
        dsn = f"http://public@127.0.0.1:{server.server_port}/1"
        status, number, _ = one_request(PORTAL_SENTRY_DSN=dsn)
        assert status == "500"
        events = [row for path, row in server.got if path == "/api/1/envelope/"]
        assert events
    text = b"\n".join(events).decode()
    assert "RuntimeError" in text
    assert number in text
    assert '"function":"ready"' in text
    assert [canary for canary in CANARIES if canary in text] == []


def test_a_span_is_sent_without_address_and_query() -> None:
    with receiver() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        _, number, _ = one_request(PORTAL_OTLP_URL=url)
        bodies = [row for path, row in server.got if path == "/v1/traces"]
    assert bodies
    spans = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    (span,) = spans
    told = {row.key: row.value.string_value for row in span.attributes}
    assert told["http.route"] == "readyz/"
    assert told["portal.request_id"] == number
    assert [canary for canary in CANARIES if canary.encode() in b"".join(bodies)] == []


def test_without_a_setting_nothing_is_sent_and_nothing_loaded() -> None:
    assert len(one_request()) == 2


@pytest.mark.parametrize("name", ["sentry_sdk", "opentelemetry.instrumentation"])
def test_what_is_loaded_would_be_seen(name: str) -> None:
    variable = "PORTAL_SENTRY_DSN" if name == "sentry_sdk" else "PORTAL_OTLP_URL"
    dead = "http://public@127.0.0.1:9/1" if name == "sentry_sdk" else "http://127.0.0.1:9"
    assert one_request(**{variable: dead})[2:] == [name]
