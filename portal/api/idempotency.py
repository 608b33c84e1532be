"""Repeated calls with an Idempotency-Key get the first answer."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.requests import person
from portal.core.errors import BadInput, StaleVersion
from portal.models import IdempotentCall


def idempotent(request: Request, act: Callable[[], tuple[int, dict[str, Any]]]) -> Response:
    """Run `act` once per Idempotency-Key and answer repeats with the first answer.

    Without the header (at most 255 characters) `act` simply runs. Key and effect are written in one
    transaction: of two simultaneous first calls one waits for the other's answer, and a refused act
    leaves its key unused. Raises BadInput (`idempotency_key`), and StaleVersion
    (`idempotency_mismatch`) when the same key comes with other data.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        status, body = act()
        return Response(body, status=status)
    if len(key) > 255 or not key.isprintable():
        raise BadInput("Idempotency-Key는 255자까지의 글자입니다.", code="idempotency_key")
    described = json.dumps([request.method, request.path, request.data], sort_keys=True)
    fingerprint = hashlib.sha256(described.encode()).hexdigest()
    with transaction.atomic():
        call, first = IdempotentCall.objects.get_or_create(
            user=person(request),
            key=key,
            defaults={"fingerprint": fingerprint, "status": 0, "body": {}},
        )
        if first:
            call.status, call.body = act()
            call.save(update_fields=["status", "body"])
    if call.fingerprint != fingerprint:
        raise StaleVersion(
            "같은 Idempotency-Key로 다른 내용을 보냈습니다.", code="idempotency_mismatch"
        )
    return Response(call.body, status=call.status)
