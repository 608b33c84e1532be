"""Query parameters: each view declares those it accepts."""

from typing import Any, ClassVar

from rest_framework.request import Request

from portal.core.errors import BadInput


class DeclaredQuery:
    """A view names its query parameters; unknown and empty ones are refused, never ignored."""

    query: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if strange := set(request.query_params) - self.query:
            raise BadInput(
                f"모르는 조건입니다: {', '.join(sorted(strange))}", code="filter_unknown"
            )
        if empty := [name for name, value in request.query_params.items() if not value]:
            raise BadInput(f"값이 빈 조건입니다: {', '.join(empty)}", code="filter_empty")
