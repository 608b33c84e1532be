"""Limits on calls per minute."""

from django.core.cache import caches
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class VisitorLimit(AnonRateThrottle):
    """So many calls a minute from one address without a token.

    Counted in the memory of each web process: no query, no Redis, and a flood is still shed.
    """

    cache = caches["limits"]


class MemberLimit(UserRateThrottle):
    """So many calls a minute of one person."""

    cache = caches["limits"]
