"""Forms of reports: draft, pictures, supplier comment."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings

from portal.forms.fields import PlainForm, mark_needed
from portal.forms.ranges import within
from vouchers.models import ConsumerReport
from vouchers.services.reports import pictures

SKIP = "skip"


class ReportForm(PlainForm):
    """The draft of a report: `t_<section>`, `r_<scale>`, the period of use; all may stay empty."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    used_from = forms.DateField(
        label="이용을 시작한 날",
        required=False,
        widget=forms.DateInput({"type": "date", "class": "input--short"}),
        validators=[within("used_day")],
    )
    used_to = forms.DateField(
        label="이용을 마친 날",
        required=False,
        widget=forms.DateInput({"type": "date", "class": "input--short"}),
        validators=[within("used_day")],
    )

    def __init__(
        self,
        questions: Mapping[str, Any],
        *,
        report: ConsumerReport,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        initial: dict[str, Any] = {
            "version": report.version,
            "used_from": report.used_from.isoformat() if report.used_from else "",
            "used_to": report.used_to.isoformat() if report.used_to else "",
        }
        initial |= {f"t_{code}": words for code, words in report.texts.items()}
        initial |= {f"r_{code}": str(value) for code, value in report.ratings.items()}
        super().__init__(data, initial=initial)
        self.report = report
        self.questions = questions
        for name in ("used_from", "used_to"):
            mark_needed(self.fields[name])
        for row in questions["scales"]:
            self.fields[f"r_{row['code']}"] = _scale(row)
        for row in questions["sections"]:
            self.fields[f"t_{row['code']}"] = _section(row, questions["longest"])

    def data_to_save(self) -> dict[str, Any]:
        """Return the whole draft; in place of what was refused, what is stored."""
        data, report = self.cleaned_data, self.report
        return {
            "texts": {
                code: data.get(f"t_{code}", report.texts.get(code, ""))
                for code in (row["code"] for row in self.questions["sections"])
            },
            "ratings": {
                code: data.get(f"r_{code}", report.ratings.get(code))
                for code in (row["code"] for row in self.questions["scales"])
            },
            "used_from": data.get("used_from", report.used_from),
            "used_to": data.get("used_to", report.used_to),
            "version": data["version"],
        }

    @property
    def scale_fields(self) -> list[forms.BoundField]:
        return [self[f"r_{row['code']}"] for row in self.questions["scales"]]

    @property
    def section_fields(self) -> list[forms.BoundField]:
        return [self[f"t_{row['code']}"] for row in self.questions["sections"]]


def _scale(row: Mapping[str, Any]) -> forms.Field:
    words = {row["low"]: f" ({row['low_label']})", row["high"]: f" ({row['high_label']})"}
    steps = range(row["low"], row["high"] + 1)
    choices = [(str(step), f"{step}점{words.get(step, '')}") for step in steps]
    if row.get("may_skip"):
        choices.append((SKIP, "판단할 수 없음"))
    field = forms.ChoiceField(
        label=row["label"], choices=choices, required=False, widget=forms.RadioSelect
    )
    mark_needed(field)
    return field


def _section(row: Mapping[str, Any], longest: int) -> forms.Field:
    least = f" 띄어쓰기를 빼고 {row['least']}자 이상 적어 주세요." if row["least"] else ""
    field = forms.CharField(
        label=row["label"],
        required=False,
        strip=False,
        max_length=longest,
        help_text=row["guide"] + least,
        widget=forms.Textarea({"rows": 6, "class": "input--long"}),
    )
    if row["least"]:
        mark_needed(field)
    return field


class PictureForm(PlainForm):
    upload = forms.FileField(label="그림 파일", allow_empty_file=True)
    caption = forms.CharField(
        label="그림 설명",
        max_length=100,
        help_text="무엇을 보여 주는 그림인지 적어 주세요. 그림을 못 보는 사람은 이 글로 읽습니다.",
        widget=forms.TextInput({"class": "input--long"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = ", ".join(item.upper() for item in pictures.FORMATS)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        self.fields["caption"].widget.attrs |= {"form": "report-form", "data-upload-needs": ""}
        self.fields[
            "upload"
        ].help_text = f"{kinds} · {limit} MB까지. 그림은 다시 그려서 보관하며 촬영 위치 같은 정보는 모두 지웁니다."
        self.fields["upload"].widget.attrs |= {
            "form": "report-form",
            "accept": ",".join(f".{item}" for item in pictures.FORMATS),
            "data-max-bytes": settings.UPLOAD_MAX_BYTES,
        }


class CommentForm(PlainForm):
    text = forms.CharField(
        label="의견",
        max_length=2_000,
        help_text="낸 뒤에는 고칠 수 없고, 보고서와 나란히 그대로 공개됩니다. 사람의 전화번호나 전자우편 같은 개인정보가 있으면 낼 수 없습니다.",
        widget=forms.Textarea({"rows": 6, "class": "input--long"}),
    )
