"""Hashes and names that outlive a key: what was stored or published under one keeps it.

Of a key and its predecessors (`settings.OPEN_DATA_KEYS`, `settings.HASH_KEYS`) the oldest is used:
a new key changes nothing until the old one is taken out, and then changes everything at once.
"""

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.core.checks import Warning
from django.utils.crypto import salted_hmac


def lasting_hash(keys: Sequence[str], salt: str, text: str) -> str:
    """Return a hash in hexadecimal that nobody can make without the oldest of the keys."""
    return salted_hmac(salt, text, secret=keys[-1], algorithm="sha256").hexdigest()


def name_of(keys: Sequence[str]) -> str:
    """Return a name of the oldest key that gives nothing of it away."""
    return hashlib.sha256(f"portal.key:{keys[-1]}".encode()).hexdigest()[:8]


def check_keys(**options: object) -> list[Warning]:
    """Warn of keys that a deployment should have: without them the key of sessions cannot change."""
    lacking = {
        "PORTAL_OPEN_DATA_KEY": settings.OPEN_DATA_KEYS[-1] == settings.SECRET_KEY,
        "PORTAL_HASH_KEY": settings.HASH_KEYS[-1] == settings.SECRET_KEY,
        "PORTAL_MFA_KEY": not settings.MFA_KEYS,
    }
    return [
        Warning(f"{name} is not set: see docs/operations.md, Secrets.", id="portal.W003")
        for name, lacks in lacking.items()
        if lacks
    ]
