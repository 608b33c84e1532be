"""Receipts of restore drills: signed, kept as rows, checked again whenever one is shown.

The signature is Ed25519 under a key derived from `settings.RECEIPT_KEYS`: who holds the public key,
such as an auditor, can check a receipt and cannot make one.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from portal.core.clock import KST
from portal.core.errors import Unavailable
from portal.models import RestoreReceipt
from portal.records import snapshot

SHOWN = 200  # faults written down


@dataclass
class Drill:
    """What a drill did and found; `faults` are sentences, empty where everything is as it was."""

    begun_at: datetime
    to: datetime
    backup: str = ""
    restore_seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    sealed_rows: int = 0
    files: int = 0
    bytes: int = 0
    taken_out_since: int = 0  # files that the restored rows name and the rows of today do not
    recomputed: int = 0
    faults: list[str] = field(default_factory=list)


def issue(drill: Drill, *, finished_at: datetime) -> RestoreReceipt:
    """Sign and keep a receipt, also of a drill that failed. Raises Unavailable without a key."""
    key = signing_key()
    seconds = (finished_at - drill.begun_at).total_seconds()
    body = {
        "portal": settings.VERSION,
        "origin": settings.ORIGIN,
        "begun_at": drill.begun_at,
        "finished_at": finished_at,
        "restored_to": drill.to,
        "backup": drill.backup,
        "seconds": {"all": round(seconds), "restore": round(drill.restore_seconds)},
        "rows": drill.rows,
        "sealed_rows": drill.sealed_rows,
        "files": {
            "verified": drill.files,
            "bytes": drill.bytes,
            "taken_out_since": drill.taken_out_since,
        },
        "recomputed": drill.recomputed,
        "passed": not drill.faults,
        "fault_count": len(drill.faults),
        "faults": drill.faults[:SHOWN],
    }
    text = snapshot.canonical(body)
    return RestoreReceipt.objects.create(
        finished_at=finished_at,
        restored_to=drill.to,
        passed=not drill.faults,
        seconds=seconds,
        rows=sum(drill.rows.values()),
        files=drill.files,
        text=text,
        signature=key.sign(text.encode()).hex(),
        public_key=key.public_key().public_bytes_raw().hex(),
    )


def newest() -> RestoreReceipt | None:
    return RestoreReceipt.objects.order_by("-pk").first()


def is_ours(receipt: RestoreReceipt) -> bool:
    """Tell whether one of the portal's keys signed this text, and the columns say what it says."""
    public = {key.public_key().public_bytes_raw().hex(): key.public_key() for key in _keys()}
    known = public.get(receipt.public_key)
    if known is None:
        return False
    try:
        known.verify(bytes.fromhex(receipt.signature), receipt.text.encode())
    except (InvalidSignature, ValueError):
        return False
    said = json.loads(receipt.text)
    return [
        said["passed"],
        said["finished_at"],
        said["restored_to"],
        sum(said["rows"].values()),
        said["files"]["verified"],
    ] == [
        receipt.passed,
        snapshot.spelled(receipt.finished_at),
        snapshot.spelled(receipt.restored_to),
        receipt.rows,
        receipt.files,
    ]


def signing_key() -> Ed25519PrivateKey:
    """Return the key that signs now. Raises Unavailable without one."""
    if not settings.RECEIPT_KEYS:
        raise Unavailable(
            "PORTAL_RECEIPT_KEY가 없어 확인증에 서명할 수 없습니다.", code="no_receipt_key"
        )
    return _keys()[0]


def state(at: datetime) -> dict[str, Any] | None:
    """Return age in hours and result of the newest receipt, for the operators; None without any."""
    receipt = newest()
    if receipt is None:
        return None
    return {
        "restored_to": receipt.restored_to.isoformat(),
        "age_hours": round((at - receipt.finished_at).total_seconds() / 3600, 1),
        "seconds": round(receipt.seconds),
        "passed": receipt.passed,
        "signed": is_ours(receipt),
        "rows": receipt.rows,
        "files": receipt.files,
    }


def public() -> dict[str, Any] | None:
    """Return what everybody may know of the newest receipt; its text is for auditors."""
    receipt = newest()
    if receipt is None:
        return None
    return {
        "finished_at": receipt.finished_at.astimezone(KST).isoformat(),
        "restored_to": receipt.restored_to.astimezone(KST).isoformat(),
        "seconds": round(receipt.seconds),
        "rows": receipt.rows,
        "files": receipt.files,
        "passed": receipt.passed,
        "sha256": hashlib.sha256(receipt.text.encode()).hexdigest(),
        "signature": receipt.signature,
        "public_key": receipt.public_key,
    }


def _keys() -> list[Ed25519PrivateKey]:
    return [_derived(key) for key in settings.RECEIPT_KEYS]


@lru_cache(maxsize=8)
def _derived(key: str) -> Ed25519PrivateKey:
    seed = HKDF(SHA256(), 32, salt=None, info=b"portal.receipt").derive(key.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)
