"""One call to an agency: its limits, and what of the failures of a connection is told on."""

import json
import time
from collections.abc import Mapping
from typing import Any

import requests

from portal.models import Failure
from portal.registries.answers import NotAnswered

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 15.0
MOST_BYTES = 2 * 1024 * 1024  # a hundred firms are about 50 kB
CHUNK = 64 * 1024

STATUSES = {401: Failure.KEY, 403: Failure.KEY, 429: Failure.LIMIT}


def call(
    method: str, address: str, *, params: Mapping[str, Any], body: Any = None
) -> tuple[int, bytes]:
    """Return status and body of an answer. Raises NotAnswered, also for a status of `STATUSES`."""
    # The address of a request holds the key: no exception of the library goes further.
    try:
        response = requests.request(
            method,
            address,
            params=params,
            json=body,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        with response:
            told = _body_of(response)
    except requests.Timeout:
        raise NotAnswered(Failure.SLOW) from None
    except (requests.RequestException, OSError):
        raise NotAnswered(Failure.DOWN) from None
    if response.status_code in STATUSES:
        raise NotAnswered(STATUSES[response.status_code])
    return response.status_code, told


def read(told: bytes) -> Mapping[str, Any]:
    """Return the object of a JSON body, an empty one when it is none."""
    try:
        whole = json.loads(told)
    except ValueError:
        return {}
    return whole if isinstance(whole, Mapping) else {}


def _body_of(response: requests.Response) -> bytes:
    told, end = bytearray(), time.monotonic() + ANSWER_SECONDS
    for part in response.iter_content(CHUNK):
        told += part
        if len(told) > MOST_BYTES:
            raise NotAnswered(Failure.UNREADABLE)
        if time.monotonic() > end:
            raise NotAnswered(Failure.SLOW)
    return bytes(told)
