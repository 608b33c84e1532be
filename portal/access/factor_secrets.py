"""Secrets of second factors in the database: encrypted under `MFA_KEYS`, read as they are if older."""

import base64
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core import checks
from django.db import transaction
from django.db.models import Manager

from portal.core.errors import Unavailable

logger = logging.getLogger(__name__)

MARK = "fernet:"
LOST = "{count}개의 2단계 인증 정보를 PORTAL_MFA_KEY로 풀 수 없습니다."
REMEDY = (
    "그 정보를 암호화한 키를 PORTAL_MFA_KEY_FALLBACKS에 넣습니다. 키를 잃었으면 운영자 두 사람이 "
    "사람마다 2단계 인증을 재설정해야 합니다."
)


def encrypt(text: str) -> str:
    """Return the text as the database keeps it; as it is where the deployment has no key."""
    keys = settings.MFA_KEYS
    return MARK + _box(tuple(keys)).encrypt(text.encode()).decode() if keys else text


def decrypt(kept: str) -> str:
    """Return the text that the database keeps. Raises Unavailable where no key opens it."""
    if not kept.startswith(MARK):
        return kept
    if (text := _opened(kept, settings.MFA_KEYS)) is None:
        logger.error("%s %s", LOST.format(count=1), REMEDY)
        raise Unavailable(
            "지금은 2단계 인증을 확인할 수 없습니다. 인증 앱과 복구 코드는 그대로 두시고, "
            "시스템 운영자에게 알려 주세요.",
            code="factor_unreadable",
        )
    return text


@dataclass
class Outcome:
    """How many second factors were encrypted anew, and the keys of those that nothing opens."""

    changed: int
    unreadable: list[int]


def reencrypt() -> Outcome:
    """Encrypt every second factor under the newest key. Raises Unavailable without a key.

    One short transaction for each; a second run finds nothing to do.
    """
    if not settings.MFA_KEYS:
        raise Unavailable("PORTAL_MFA_KEY가 없어 암호화할 수 없습니다.", code="no_mfa_key")
    outcome = Outcome(0, [])
    for pk in _factors().order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = _factors().select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            try:
                data = _each_secret(row.data, _renewed)
            except Unavailable:
                outcome.unreadable.append(pk)
                continue
            if data != row.data:
                row.data = data
                row.save(update_fields=["data"])
                outcome.changed += 1
    return outcome


def check_factors(
    databases: Sequence[str] | None = None, **options: object
) -> list[checks.CheckMessage]:
    """Fail `check --deploy --database` where a second factor cannot be read."""
    if not databases:
        return []
    lost = 0
    for data in _factors().values_list("data", flat=True).iterator():
        kept: list[str] = []
        _each_secret(data, lambda text, kept=kept: kept.append(text) or text)  # type: ignore[misc]
        keys = settings.MFA_KEYS
        lost += any(text.startswith(MARK) and _opened(text, keys) is None for text in kept)
    return [checks.Error(LOST.format(count=lost), hint=REMEDY, id="portal.E003")] if lost else []


def _factors() -> Manager[Any]:
    # Asked by name: this module is imported before the apps are ready.
    return apps.get_model("mfa", "Authenticator").objects  # type: ignore[no-any-return]


def _renewed(kept: str) -> str:
    if kept.startswith(MARK) and _opened(kept, settings.MFA_KEYS[:1]) is not None:
        return kept
    return encrypt(decrypt(kept))


def _each_secret(data: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return what allauth keeps of a factor, with `change` done to each secret in it."""
    found = dict(data)
    for name in {"secret", "seed"} & data.keys():
        found[name] = change(data[name])
    if "migrated_codes" in data:
        found["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
    return found


def _opened(kept: str, keys: Sequence[str]) -> str | None:
    if not keys:
        return None
    try:
        return _box(tuple(keys)).decrypt(kept.removeprefix(MARK)).decode()
    except InvalidToken:
        return None


@lru_cache(maxsize=8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    derived = [HKDF(SHA256(), 32, salt=None, info=b"portal.mfa").derive(k.encode()) for k in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
