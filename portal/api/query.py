"""Query parameters: each view declares those it accepts."""

from typing import Any, ClassVar, cast

from rest_framework.request import Request

from portal.core import text
from portal.core.errors import BadInput


class DeclaredQuery:
    """A view names its query parameters, which are cleaned; unknown and empty ones are refused."""

    query: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if strange := set(request.query_params) - self.query:
            raise BadInput(
                f"모르는 조건입니다: {', '.join(sorted(strange))}", code="filter_unknown"
            )
        if empty := [name for name, value in request.query_params.items() if not value]:
            raise BadInput(f"값이 빈 조건입니다: {', '.join(empty)}", code="filter_empty")
        cleaned = request.query_params.copy()
        for name, values in request.query_params.lists():
            cleaned.setlist(name, [text.line(value) for value in values])
        cast("Any", request._request).GET = cleaned
