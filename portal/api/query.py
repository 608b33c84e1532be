"""What every API endpoint shares: tokens, access, pages and the shape of an error."""

from typing import Any, ClassVar

from rest_framework.request import Request

from portal.core.errors import BadInput


class DeclaredQuery:
    """Each view names the query words it knows; any other is refused, never ignored."""

    query: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in, then check the words. Raises BadInput (`filter_unknown`, `filter_empty`)."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if strange := set(request.query_params) - self.query:
            raise BadInput(
                f"모르는 조건입니다: {', '.join(sorted(strange))}", code="filter_unknown"
            )
        if empty := [name for name, value in request.query_params.items() if not value]:
            raise BadInput(f"값이 빈 조건입니다: {', '.join(empty)}", code="filter_empty")
