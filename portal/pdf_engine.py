"""The engine room: a warm process that prints HTML, each document in a forked, limited child.

Started by portal.pdf as a script of its own. It imports neither Django nor this package, and it
is the only module that imports WeasyPrint.
"""

import ctypes
import gc
import hashlib
import json
import logging
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

import weasyprint
from weasyprint.urls import URLFetcher

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
DATA_IMAGES = ("data:image/png;base64,", "data:image/jpeg;base64,")
OUT_OF_MEMORY, OUT_OF_BOUNDS = 71, 72  # exit statuses of a child
WARM_UP = (
    '<html lang="ko"><title>준비</title><body style="font-family: NanumGothic">'
    '<p>가나다 <b>라마바 123</b></p><p style="font-family: NanumMyeongjo">사아자 <b>차카타</b></p>'
    '<p style="font-family: NanumGothicCoding">0123abc</p>'
    "<table><thead><tr><th>파<td>하</table></body></html>"
)


class NoFetch(URLFetcher):  # type: ignore[misc]  # WeasyPrint publishes no types
    """Fetch nothing: a document brings its style and its pictures inside itself."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        if not url.startswith(DATA_IMAGES):
            raise ValueError("A document may not fetch anything.")
        return super().fetch(url, headers)


def write(html: str) -> tuple[bytes, int]:
    """Print one document; the same HTML gives the same bytes. Returns the PDF and its pages."""
    options = {"pdf_variant": "pdf/ua-1", "pdf_identifier": hashlib.sha256(html.encode()).digest()}
    fetcher = NoFetch(allowed_protocols=("data",), allow_redirects=False)
    document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(**options)
    return document.write_pdf(**options), len(document.pages)


def leave_network() -> bool:
    """Move into a network without any interface, where the kernel allows it: a second wall."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def limit(seconds: int, memory: int) -> None:
    """Bind this child: `seconds` of processor, `memory` bytes of address space, no file grows."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def work(line: Connection, html: str, order: dict[str, int]) -> int:
    """Print inside a child and send the answer; returns the exit status of the child."""
    limit(order["seconds"], order["memory"])
    gc.set_threshold(50_000)  # a short life: collecting often costs more than it frees
    try:
        data, pages = write(html)
        if len(data) > order["largest"]:
            return OUT_OF_BOUNDS
        answer = {"pages": pages, "sha256": hashlib.sha256(data).hexdigest()}
        line.send_bytes(json.dumps(answer).encode())
        line.send_bytes(data)
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def fate(status: int) -> str:
    """Name what ended a child, from its wait status."""
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "time"
    return {OUT_OF_MEMORY: "memory", OUT_OF_BOUNDS: "size", -signal.SIGABRT: "memory"}.get(
        code, "crash"
    )


def serve(line: Connection) -> None:
    """Answer orders until the other side goes away."""
    write(WARM_UP)
    leave_network()
    gc.collect()
    gc.freeze()
    line.send_bytes(b"ready")
    while True:
        try:
            order = json.loads(line.recv_bytes())
            html = line.recv_bytes().decode()
        except EOFError:
            return
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = work(line, html, order)
            finally:  # whatever was raised, a BaseException of the fetcher included
                os._exit(status)
        _, status = os.waitpid(child, 0)
        if status:
            line.send_bytes(json.dumps({"fate": fate(status)}).encode())


if __name__ == "__main__":
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    logging.getLogger("weasyprint").propagate = False
    serve(Connection(int(sys.argv[1])))
