"""Forms of a draft: where to apply for, partners, papers, consents."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings

from portal.forms.fields import PlainForm

GIVEN = (("yes", "동의합니다"), ("no", "동의하지 않습니다"))


class StartForm(PlainForm):
    """Which workplace the application is for."""

    site = forms.ChoiceField(label="신청할 사업장", widget=forms.RadioSelect)

    def __init__(self, *args: object, sites: Sequence[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = list(sites)


class ManyFiles(forms.ClearableFileInput):
    """A control that takes several files at once."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files; each is judged when it is kept."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the list of files that were sent; none is a mistake."""
        files = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if not files:
            raise forms.ValidationError("올릴 파일을 고르세요.", code="file_missing")
        return [super(ManyFilesField, self).clean(one, initial) for one in files]


class UploadForm(PlainForm):
    """Files for one required document; an empty file is named by the rules, not refused here."""

    files = ManyFilesField(label="파일 고르기", allow_empty_file=True, required=False)

    def __init__(
        self, *args: object, formats: Sequence[str] = (), most: int = 1, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        kinds = ", ".join(item.upper() for item in formats)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        self.fields["files"].help_text = f"{kinds} · 파일마다 {limit} MB까지 · 최대 {most}개"
        self.fields["files"].widget = ManyFiles(
            {
                "accept": ",".join(f".{item}" for item in formats),
                "data-max-bytes": settings.UPLOAD_MAX_BYTES,
            }
        )


class ConsentForm(PlainForm):
    """One answer per consent (`c_<code>`); required ones are asked apart from optional ones."""

    def __init__(
        self,
        *args: object,
        consents: Sequence[Mapping[str, Any]],
        given: Mapping[str, bool],
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.consents = list(consents)
        for row in consents:
            name = f"c_{row['code']}"
            self.fields[name] = forms.ChoiceField(
                label=f"‘{row['label']}’에 동의하십니까?",
                choices=GIVEN,
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields[name].needed = bool(row["required"])
            if row["code"] in given:
                self.initial[name] = "yes" if given[row["code"]] else "no"

    def answers(self) -> dict[str, bool]:
        """The consents that were answered."""
        found = {row["code"]: self.cleaned_data.get(f"c_{row['code']}") for row in self.consents}
        return {code: answer == "yes" for code, answer in found.items() if answer}

    @property
    def required_rows(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        """The consents without which nothing can be filed, with their fields."""
        return self._rows(required=True)

    @property
    def optional_rows(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        """The other consents."""
        return self._rows(required=False)

    def _rows(self, *, required: bool) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        return [
            (row, self[f"c_{row['code']}"])
            for row in self.consents
            if bool(row["required"]) is required
        ]
