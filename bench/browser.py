"""A browser without a screen: it keeps cookies, and sends forms as the page shows them."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from lxml import html

from bench.load import HOST, Answer, Sender

Fields = Sequence[tuple[str, str]]
TOKEN, TOKEN_COOKIE = "csrfmiddlewaretoken", "csrftoken"


@dataclass(frozen=True)
class File:
    """A file that somebody has chosen in a form."""

    name: str
    kind: str
    data: bytes


@dataclass
class Browser:
    """The cookies of one person, sent over any connection."""

    cookies: dict[str, str] = field(default_factory=dict)
    took: float = 0  # seconds of the last answer

    async def get(self, sender: Sender, path: str) -> Answer:
        return await self._send(sender, "GET", path, {"Accept": "text/html"}, b"")

    async def post(
        self, sender: Sender, path: str, fields: Fields, file: tuple[str, File] | None = None
    ) -> Answer:
        """Send a form by its button; with a file as multipart."""
        if file:
            headers, body = multipart(fields, file)
        else:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(fields).encode()
        return await self._send(sender, "POST", path, {"Accept": "text/html", **headers}, body)

    async def save(self, sender: Sender, path: str, fields: Fields) -> Answer:
        """Send a form as `static/js/autosave.js` does: the cookie's token in a header."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            "X-CSRFToken": self.cookies[TOKEN_COOKIE],
        }
        body = urlencode([row for row in fields if row[0] != TOKEN]).encode()
        return await self._send(sender, "POST", path, headers, body)

    async def _send(
        self, sender: Sender, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        message = self.written(method, path, headers, body)
        began = time.perf_counter()
        answer = await sender.send(message)
        self.took = time.perf_counter() - began
        for text in answer.cookies:
            for name, cookie in SimpleCookie(text).items():
                self.cookies[name] = cookie.value
                if cookie["max-age"] == "0":
                    del self.cookies[name]
        return answer

    def written(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """Return the request as it is sent."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "Connection: keep-alive"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{n}={v}" for n, v in self.cookies.items()))
        if method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def multipart(fields: Fields, file: tuple[str, File] | None = None) -> tuple[dict[str, str], bytes]:
    """Write a form's fields and file; return the headers and the body."""
    border = secrets.token_hex(16)
    parts = [
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields
    ]
    if file:
        name, sent = file
        parts += [
            f'--{border}\r\nContent-Disposition: form-data; name="{name}";'
            f' filename="{sent.name}"\r\nContent-Type: {sent.kind}\r\n\r\n'.encode(),
            sent.data,
            b"\r\n",
        ]
    parts.append(f"--{border}--\r\n".encode())
    return {"Content-Type": f"multipart/form-data; boundary={border}"}, b"".join(parts)


class Page:
    """An answer read as a page. Raises ValueError when it does not hold what is asked for."""

    def __init__(self, answer: Answer) -> None:
        # A browser drops the line break with which a text area begins.
        text = answer.body.decode().replace(">\n</textarea>", "></textarea>")
        self.document = html.document_fromstring(text)
        for area in self.document.iter("textarea"):
            area.text = (area.text or "").removeprefix("\n")

    def form(self, path: str) -> html.FormElement:
        """Return the first form that the XPath condition fits."""
        found = self.document.xpath(f"//form[{path}]")
        if not found:
            raise ValueError(f"the page has no form[{path}]: {self.heading}")
        return found[0]

    def has(self, path: str) -> bool:
        return bool(self.document.xpath(path))

    @property
    def heading(self) -> str:
        alerts = self.document.xpath("//*[@role='alert']//text() | //h1//text()")
        return " ".join(" ".join(alerts).split())[:300]


def sent_fields(form: html.FormElement, **pressed: str) -> list[tuple[str, str]]:
    """Return the fields that the form sends, and name and value of the pressed button."""
    return [*form.form_values(), *pressed.items()]
