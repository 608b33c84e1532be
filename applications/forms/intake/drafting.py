"""Forms of a draft: the site it is for, and consents."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from portal.forms.fields import PlainForm, mark_needed

CARRY = (("yes", "예, 채웁니다"), ("no", "아니요, 새로 적겠습니다"))
GIVEN = (("yes", "동의합니다"), ("no", "동의하지 않습니다"))


class StartForm(PlainForm):
    """The site; where something was answered before, whether that is filled in."""

    def __init__(
        self,
        *args: Any,
        sites: Sequence[tuple[str, str]],
        carried: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"] = forms.ChoiceField(
            label="신청할 사업장", choices=list(sites), widget=forms.RadioSelect
        )
        if carried:
            self.fields["carry"] = forms.ChoiceField(
                label="앞서 답하신 내용으로 신청서를 채울까요?",
                choices=CARRY,
                initial="yes",
                widget=forms.RadioSelect,
                help_text="비어 있는 항목에만 채웁니다. 채운 항목은 단계마다 확인하고 저장해야 제출할 수 있습니다.",
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
