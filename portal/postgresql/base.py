"""Django's PostgreSQL, whose connections are checked without a query."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Tell whether the connection can be used; asks the server only when there is a doubt.

        Nothing comes over an idle connection unless the server ends it, as when it was restarted, so
        the `SELECT 1` that Django sends before the first query of each request tells nothing more.
        """
        doubt = self.errors_occurred or self.connection.closed or self._has_news()
        return super().is_usable() if doubt else True

    def _has_news(self) -> bool:
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return bool(poll.poll(0))
