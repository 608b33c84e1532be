"""The PDF engine: a process with limits that renders one HTML document after another.

Started by portal.paper.pdf as a script. Imports no Django, and is the only importer of WeasyPrint.
"""

import gc
import hashlib
import json
import logging
import os
import sys
from multiprocessing.connection import Connection
from typing import Any

# fontTools would take lxml when another package has brought it; at the memory limit its C code
# ends the process where Python raises MemoryError.
sys.modules["lxml"] = None  # type: ignore[assignment]

import weasyprint  # noqa: E402
from weasyprint.urls import URLFetcher  # noqa: E402

from portal.core.confine import (  # noqa: E402
    leave_network,
    limit_cpu,
    limit_memory_and_files,
    resident_bytes,
)

DATA_IMAGES = ("data:image/png;base64,", "data:image/jpeg;base64,")
OUT_OF_MEMORY, OUT_OF_BOUNDS = 71, 72  # exit statuses
MOST_DOCUMENTS = 200
WORN = 160 * 1024**2  # bytes resident
WARM_UP = (
    '<html lang="ko"><title>준비</title><body style="font-family: NanumGothic">'
    '<p>가나다 <b>라마바 123</b></p><p style="font-family: NanumMyeongjo">사아자 <b>차카타</b></p>'
    '<p style="font-family: NanumGothicCoding">0123abc</p>'
    "<table><thead><tr><th>파<td>하</table></body></html>"
)


class NoFetch(URLFetcher):
    """Fetches nothing: a document contains its styles and images."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        if not url.startswith(DATA_IMAGES):
            raise ValueError("A document may not fetch anything.")
        return super().fetch(url, headers)


def write(html: str) -> tuple[bytes, int]:
    """Return the PDF of a document and its number of pages; the same HTML gives the same bytes."""
    options = {"pdf_variant": "pdf/ua-1", "pdf_identifier": hashlib.sha256(html.encode()).digest()}
    fetcher = NoFetch(allowed_protocols=("data",), allow_redirects=False)
    document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(**options)
    return document.write_pdf(**options), len(document.pages)


def is_worn(printed: int) -> bool:
    """Tell whether a fresh process should take over, after many documents or much memory."""
    return printed >= MOST_DOCUMENTS or resident_bytes() > WORN


def serve(line: Connection, memory: int) -> int:
    """Answer orders until the other side disconnects; return the exit status.

    Any error ends the process: the other side reads the status and starts another.
    """
    write(WARM_UP)
    gc.collect()
    gc.freeze()
    leave_network()
    limit_memory_and_files(memory)
    line.send_bytes(b"ready")
    printed = 0
    while True:
        try:
            order = json.loads(line.recv_bytes())
            html = line.recv_bytes().decode()
        except EOFError:
            return 0
        limit_cpu(order["seconds"])
        try:
            data, pages = write(html)
        except (MemoryError, SystemError):  # at the limit CPython may lose the exception itself
            return OUT_OF_MEMORY
        if len(data) > order["largest"]:
            return OUT_OF_BOUNDS
        printed += 1
        digest = hashlib.sha256(data).hexdigest()
        answer = {"pages": pages, "sha256": digest, "last": is_worn(printed)}
        line.send_bytes(json.dumps(answer).encode())
        line.send_bytes(data)
        gc.collect()  # after the answer: the library leaves cycles behind


if __name__ == "__main__":
    logging.getLogger("weasyprint").addHandler(logging.NullHandler())
    logging.getLogger("weasyprint").propagate = False
    our_end = Connection(int(sys.argv[1]))
    # At once, the line still open: who reads its end finds the status set.
    os._exit(serve(our_end, int(sys.argv[2])))
