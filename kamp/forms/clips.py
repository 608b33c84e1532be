"""Form of an upload of clips."""

from typing import Any

from django import forms

from portal.forms.fields import PlainForm


class ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        rows = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(row, initial) for row in rows]


class UploadForm(PlainForm):
    files = FilesField(label="파일")  # type: ignore[assignment] # Django takes fields off the class
    serial = forms.CharField(label="제품 번호", max_length=60, required=False)

    def __init__(self, *args: Any, images: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if images:
            self.fields[
                "files"
            ].help_text = "제품 하나의 JPG, PNG 이미지를 모두 고르세요. 아래에 보이는 이름의 번호 순서대로 잇습니다."
            self.fields["files"].widget.attrs["data-ordered"] = ""
            self.fields["serial"].help_text = "비워 두면 첫 파일의 이름을 씁니다."
        else:
            self.fields[
                "files"
            ].help_text = (
                "MP4, MKV, AVI 동영상. 파일 하나가 제품 하나이며 200 MB, 5분까지 올릴 수 있습니다."
            )
            self.fields["serial"].help_text = "비워 두면 파일 이름을 씁니다."
