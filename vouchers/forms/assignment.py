"""Form of a member's wishes."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from portal.forms.fields import PlainForm
from vouchers.models import Service


class WishForm(PlainForm):
    """One choice per rank; services are grouped by field."""

    def __init__(
        self,
        *args: Any,
        services: Sequence[Service],
        most: int,
        chosen: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for row in services:
            groups.setdefault(row.get_category_display(), []).append(
                (row.code, f"{row.name} · {row.supplier.name}")
            )
        choices: list[Any] = [("", "고르지 않음"), *groups.items()]
        for rank in range(1, most + 1):
            self.fields[f"wish{rank}"] = forms.ChoiceField(
                label=f"{rank}순위", choices=choices, required=False
            )
            if rank <= len(chosen):
                self.initial[f"wish{rank}"] = chosen[rank - 1]

    def codes(self) -> list[str]:
        """Return the chosen service codes in the order of their ranks."""
        values: Mapping[str, str] = self.cleaned_data
        return [values[name] for name in self.fields if values.get(name)]
