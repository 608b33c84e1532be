"""Limits on calls per minute."""

from django.core.cache import caches
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class VisitorLimit(AnonRateThrottle):
    """Calls per minute from one address without a token.

    Counted in the memory of each web process: a flood costs neither a query nor Redis.
    """

    cache = caches["limits"]


class MemberLimit(UserRateThrottle):
    """Calls per minute of one person."""

    cache = caches["limits"]
