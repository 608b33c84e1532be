"""Form fields for one or several uploaded files."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings

from portal.forms.fields import PlainForm


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Several files; each is checked by content when it is stored."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if not files:
            raise forms.ValidationError("올릴 파일을 고르세요.", code="file_missing")
        return [super(ManyFilesField, self).clean(one, initial) for one in files]


class UploadForm(PlainForm):
    """Files for one required document; an empty file is refused when it is stored, not here."""

    def __init__(
        self,
        *args: Any,
        formats: Sequence[str] = (),
        most: int = 1,
        sent_with: str = "",
        **kwargs: Any,
    ) -> None:
        """Make the form; `sent_with` is the id of another form of the page that sends the files."""
        super().__init__(*args, **kwargs)
        other = {"form": sent_with} if sent_with else {}
        kinds = ", ".join(item.upper() for item in formats)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        self.fields["files"] = ManyFilesField(
            label="파일 고르기",
            allow_empty_file=True,
            required=False,
            help_text=f"{kinds} · 파일마다 {limit} MB까지 · 최대 {most}개",
            widget=ManyFiles(
                {
                    "accept": ",".join(f".{item}" for item in formats),
                    "data-max-bytes": settings.UPLOAD_MAX_BYTES,
                    **other,
                }
            ),
        )
