"""As many database connections as requests are worked on, not as many as threads.

Django keeps a connection for each thread. Most threads of a web process only wait for a place or
answer at once, so a request takes a connection with its place and puts it back with it.
"""

from collections import deque

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


class Shelf:
    """The connections of this process to one database that no request uses."""

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self._alias = alias
        self._free: deque[BaseDatabaseWrapper] = deque()

    def take(self) -> None:
        """Make a connection that of this thread; one that broke or is old opens itself again."""
        try:
            found = self._free.pop()
        except IndexError:
            found = connections.create_connection(self._alias)
            found.inc_thread_sharing()
        found.close_if_unusable_or_obsolete()
        connections[self._alias] = found

    def put_back(self) -> None:
        found = connections[self._alias]
        del connections[self._alias]
        self._free.append(found)
