"""Forms of a draft: the site it is for, and consents."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from portal.forms.fields import PlainForm, mark_needed

GIVEN = (("yes", "동의합니다"), ("no", "동의하지 않습니다"))


class StartForm(PlainForm):
    def __init__(self, *args: Any, sites: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"] = forms.ChoiceField(
            label="신청할 사업장", choices=list(sites), widget=forms.RadioSelect
        )


class ConsentForm(PlainForm):
    """One field per consent (`c_<code>`), required and optional ones apart."""

    def __init__(
        self,
        *args: Any,
        consents: Sequence[Mapping[str, Any]],
        given: Mapping[str, bool],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.consents = list(consents)
        for row in consents:
            name = f"c_{row['code']}"
            field = forms.ChoiceField(
                label=f"‘{row['label']}’에 동의하십니까?",
                choices=GIVEN,
                required=False,
                widget=forms.RadioSelect,
            )
            if row["required"]:
                mark_needed(field)
            self.fields[name] = field
            if row["code"] in given:
                self.initial[name] = "yes" if given[row["code"]] else "no"

    def answers(self) -> dict[str, bool]:
        """Return the consents that were answered."""
        sent = {row["code"]: self.cleaned_data.get(f"c_{row['code']}") for row in self.consents}
        return {code: answer == "yes" for code, answer in sent.items() if answer}

    @property
    def required_rows(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        return self._rows(required=True)

    @property
    def optional_rows(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        return self._rows(required=False)

    def _rows(self, *, required: bool) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        return [
            (row, self[f"c_{row['code']}"])
            for row in self.consents
            if bool(row["required"]) is required
        ]
