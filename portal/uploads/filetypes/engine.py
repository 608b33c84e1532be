"""The judging process: started once as a script, it forks for every upload and limits the fork.

Imports no Django. An order comes with two open files, the upload and the line of the answer, never
with a name; a fork that dies of its limits takes nothing else with it.
"""

import gc
import io
import json
import os
import signal
import socket
import sys
from multiprocessing.connection import Connection
from typing import Any, BinaryIO

from PIL import Image

from portal.core.confine import leave_network, limit_cpu, limit_memory_and_files
from portal.core.errors import BadInput
from portal.uploads.filetypes import content, images, refusals, shown
from portal.uploads.filetypes.budget import Budget


def answer(upload: BinaryIO, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the answer to one order, and the pictures if some were ordered."""
    try:
        if order.get("show"):
            return _shown(shown.show(upload, order["extension"], order["show"]))
        content.check(upload, order["extension"], Budget())
        if not order.get("redraw"):
            return {}, b""
        data, size = images.redraw(upload, order["extension"], **order["redraw"])
    except BadInput as refused:
        return _refusal(refused), b""
    except MemoryError:
        return _refusal(refusals.costly()), b""
    return {"width": size[0], "height": size[1]}, data


def _shown(found: shown.Shown) -> tuple[dict[str, Any], bytes]:
    pictures = [(row.kind, row.width, row.height, len(row.data)) for row in found.pictures]
    answer = {"pages": found.pages, "pictures": pictures, "text": found.text, "whole": found.whole}
    return answer, b"".join(row.data for row in found.pictures)


def _refusal(refused: BadInput) -> dict[str, Any]:
    return {"code": refused.code, "message": refused.message}


def serve(orders: socket.socket, memory: int) -> None:
    """Fork for every order until the other side disconnects."""
    _warm_up()
    leave_network()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are not waited for
    orders.send(b"ready")
    while True:
        message, handles, _, _ = socket.recv_fds(orders, 4096, 2)
        if not message:
            return
        if os.fork() == 0:
            orders.close()
            _serve_one(json.loads(message), handles[0], handles[1], memory)
            os._exit(0)
        for handle in handles:
            os.close(handle)


def _serve_one(order: dict[str, Any], upload: int, line: int, memory: int) -> None:
    signal.alarm(order["seconds"])
    limit_memory_and_files(memory)
    limit_cpu(order["cpu_seconds"])
    with open(upload, "rb", buffering=1 << 16) as stream, Connection(line) as connection:
        found, data = answer(stream, order)
        connection.send_bytes(json.dumps(found).encode())
        connection.send_bytes(data)


def _warm_up() -> None:
    # What is loaded now is shared by all forks.
    for extension, kind in (("png", "PNG"), ("jpg", "JPEG")):
        picture = io.BytesIO()
        Image.new("RGB", (2, 2)).save(picture, kind)
        answer(picture, {"extension": extension, "redraw": {"longest": 1, "flat": False}})
    answer(io.BytesIO(b"%PDF-1.7 %%EOF"), {"extension": "pdf"})
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
    os._exit(0)
