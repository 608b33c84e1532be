"""Slips and tickets: signed texts by which a form keeps the instant at which it was sent.

A page whose form must not be late carries a slip: what is sent where, what was shown, and to whom.
Where the portal cannot carry the form out it returns a ticket: that slip and the instant at which
the request came. Both are signed under `TICKET_KEY`, which signs nothing else.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.checks import Warning

from portal.core.errors import BadInput

SLIP_SALT, TICKET_SALT = "portal.slip", "portal.ticket"
SLIP_LIFE = timedelta(seconds=settings.SESSION_COOKIE_AGE)
"""How long a page may stand open before its form is sent: as long as a session."""
# The last two: signed by us in another shape, before or after a change of it.
UNREADABLE = (signing.BadSignature, ValueError, TypeError, KeyError)
LONGEST = 2_000  # letters of a text that is worth reading


@dataclass(frozen=True)
class Slip:
    """What a form says about itself: `seen` is the hash of what its page showed to `person`.

    It is sent to `path` with the box `confirm` ticked; a ticket for it is redeemed at `redeem`.
    """

    path: str
    redeem: str
    confirm: str
    seen: str
    person: int
    hours: int  # for which a ticket is honoured after the portal serves again
    shown_at: datetime


@dataclass(frozen=True)
class Ticket:
    """A slip and the instant at which its form came; `key` tells under which key it was signed."""

    slip: Slip
    came_at: datetime
    key: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def sign(slip: Slip) -> str:
    """Return the slip as a form carries it, "" where the deployment has no key for it."""
    return _signer(SLIP_SALT).sign_object(_plain(slip)) if settings.TICKET_KEY else ""


def read_slip(text: str) -> Slip | None:
    """Return a slip of ours, None for any other text."""
    try:
        return _slip(_loads(text, SLIP_SALT))
    except UNREADABLE:
        return None


def issue(slip: Slip, *, came_at: datetime) -> Ticket:
    """Return the ticket of a form that came at this instant."""
    key = _key_id(settings.TICKET_KEY)
    text = _signer(TICKET_SALT).sign_object(
        {"slip": _plain(slip), "came_at": came_at.isoformat(), "key": key}
    )
    return Ticket(slip, came_at, key, text)


def read(text: str) -> Ticket:
    """Return the ticket that a text is, typed or pasted. Raises BadInput (`ticket_unreadable`)."""
    text = "".join(text.split())
    try:
        found = _loads(text, TICKET_SALT)
        came_at = datetime.fromisoformat(found["came_at"])
        return Ticket(_slip(found["slip"]), came_at, found["key"], text)
    except UNREADABLE:
        raise BadInput(
            "이 포털이 만든 접수 확인표가 아니거나 글자가 바뀌었습니다. "
            "저장해 두신 확인표를 처음부터 끝까지 넣어 주세요.",
            code="ticket_unreadable",
        ) from None


def check_key(**options: object) -> list[Warning]:
    """Warn of a deployment without a ticket key: its forms would be late by an outage."""
    if settings.TICKET_KEY:
        return []
    return [Warning("PORTAL_TICKET_KEY is not set: no tickets are given.", id="portal.W002")]


def _signer(salt: str) -> signing.Signer:
    return signing.Signer(
        key=settings.TICKET_KEY, fallback_keys=[*settings.TICKET_KEY_FALLBACKS], salt=salt
    )


def _loads(text: str, salt: str) -> dict[str, Any]:
    if not settings.TICKET_KEY or len(text) > LONGEST:
        raise signing.BadSignature
    found: dict[str, Any] = _signer(salt).unsign_object(text)
    return found


def _plain(slip: Slip) -> dict[str, Any]:
    return {**asdict(slip), "shown_at": slip.shown_at.isoformat()}


def _slip(plain: dict[str, Any]) -> Slip:
    return Slip(**{**plain, "shown_at": datetime.fromisoformat(plain["shown_at"])})


def _key_id(key: str) -> str:
    """Return a name of a key that gives nothing of it away."""
    return hashlib.sha256(f"{TICKET_SALT}:{key}".encode()).hexdigest()[:8]
