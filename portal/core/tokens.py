"""Tokens that open something by themselves, such as a link in a mail: only their hash is stored."""

import hashlib
import secrets


def new_token() -> str:
    """Return a random token of 256 bits, as a part of an address."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """Return the SHA-256 by which a token is found."""
    return hashlib.sha256(token.encode()).hexdigest()
