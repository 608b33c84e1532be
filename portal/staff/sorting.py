"""The orders in which a staff list can be read: those that an index gives, in both directions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q
from django.db.models.expressions import Expression
from django.utils.html import format_html

SORT = "sort"  # the parameter of the address: the name of a sort, with "-" before it downwards
By = str | Expression


@dataclass(frozen=True)
class Sort:
    """One order of a list, under the heading of `column`.

    `by` are the columns of an index or a key, upwards, the last one unique, so that the database
    walks the index either way instead of sorting the table. `among` names the rows that the index
    holds, where that is what every row of the list fulfils. A list's own order is `-pk` under the name
    of the column that tells when a row came.
    """

    column: str
    by: Sequence[By] = ("pk",)
    among: Q | None = None
    down: bool = False

    def ordering(self) -> list[By]:
        return [_downwards(part) if self.down else part for part in self.by]

    @property
    def value(self) -> str:
        return f"-{self.column}" if self.down else self.column

    @property
    def turned(self) -> "Sort":
        return replace(self, down=not self.down)


def _downwards(part: By) -> By:
    return f"-{part}" if isinstance(part, str) else part.desc()


def chosen(sorts: Sequence[Sort], value: str) -> Sort | None:
    """Return the sort that the address asks for; None for the list's own order and anything unknown."""
    column = value.removeprefix("-")
    for sort in sorts:
        if sort.column == column:
            return sort.turned if value.startswith("-") else sort
    return None


def own(sorts: Sequence[Sort], ordering: Sequence[Any]) -> Sort | None:
    """Return the sort that is a list's own order."""
    both = [each for sort in sorts for each in (sort, sort.turned)]
    return next((sort for sort in both if sort.ordering() == list(ordering)), None)


def mark(headers: Sequence[dict[str, Any]], cl: ChangeList) -> None:
    """Make links of the headings under which a list can be sorted; name the present order."""
    screen: Any = cl.model_admin
    now: Sort | None = getattr(cl, "sort", None)
    by_column = {sort.column: sort for sort in screen.sorts}
    for name, header in zip(cl.list_display, headers, strict=True):
        sort = by_column.get(str(name))
        if sort is None:
            continue
        present = now if now and now.column == sort.column else None
        then = present.turned if present else sort
        word = "" if present is None else ("descending" if present.down else "ascending")
        header.update(
            sortable=True,
            sort_priority=0,
            url_primary=cl.get_query_string({SORT: then.value}),
            class_attrib=format_html(
                ' class="sortable column-{}{}"{}',
                name,
                f" is-sorted is-{word}" if word else "",
                format_html(' aria-sort="{}"', word) if word else "",
            ),
        )
