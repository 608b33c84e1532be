"""Whether the database is away: its errors are told from faults of the code, and remembered."""

import threading
import time

from django.db import InterfaceError, OperationalError, connection
from django.db.utils import Error

from portal.core import clock

ASK_SECONDS = 0.5
FAILURES = 2  # one after another, without a request between them that was served
# SQLSTATEs of a session that has ended or could not begin, beside class 08 and errors without a code.
SESSION_ENDED = frozenset({"57P01", "57P02", "57P03"})


def cannot_serve(error: BaseException | None) -> bool:
    """Tell whether this is a failure of the database server: away, starting, too slow or full."""
    return isinstance(error, OperationalError | InterfaceError)


def ended_session(error: BaseException | None) -> bool:
    """Tell whether there was no session with the database, so that no query would succeed now."""
    if not cannot_serve(error) or connection.vendor != "postgresql":
        return False
    code = getattr(error.__cause__, "pgcode", None) if error else None
    return code is None or code in SESSION_ENDED or code.startswith("08")


class Watch:
    """Whether the database answers this process.

    While it does not, one request asks it every ASK_SECONDS and the others are not held up.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures = 0
        self._ask_at = 0.0

    def failed(self) -> None:
        """Note a request that found no session."""
        self._failures += 1
        self._ask_at = time.monotonic() + ASK_SECONDS

    def served(self) -> None:
        """Note a request that was served."""
        self._failures = 0

    def away(self) -> bool:
        """Tell whether the database is known to be away; ask it when it is time to."""
        if self._failures < FAILURES:
            return False
        with self._lock:
            if time.monotonic() < self._ask_at:
                return True
            self._ask_at = time.monotonic() + ASK_SECONDS
        try:
            clock.now()
        except Error:
            # However long the question took, the next one is not asked at once.
            self._ask_at = time.monotonic() + ASK_SECONDS
            return True
        finally:
            connection.close()  # of this thread, which has no place yet
        self._failures = 0
        return False
