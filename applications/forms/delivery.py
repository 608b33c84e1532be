"""Forms of the work under an agreement, and of the experts who do it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms

from portal.forms.fields import BusinessNumberField, NameField, PlainForm
from portal.forms.ranges import within
from portal.forms.uploads import ManyFilesField
from programs.states import Region

LONG = {"rows": 4, "class": "input--long"}
DAY = forms.DateInput({"type": "date", "class": "input--short"}, format="%Y-%m-%d")


class MaybeFilesField(ManyFilesField):
    """Accept several files or none."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return super().clean(data, initial) if data else []


class EntryForm(PlainForm):
    """One record, labelled as the deliverable's `entry` states."""

    on = forms.DateField(label="날짜", widget=DAY, validators=[within("entry_day")])
    title = forms.CharField(max_length=100)
    body = forms.CharField(max_length=4_000, widget=forms.Textarea(LONG))
    outcome = forms.CharField(max_length=4_000, required=False, widget=forms.Textarea(LONG))
    amount = forms.IntegerField(  # won, hours or firms, as the label says
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "class": "input--short"}),
        validators=[within("entry_amount")],
    )
    # Django replaces the class attribute by `fields["files"]`.
    files = MaybeFilesField(label="증빙 파일 (사진, 문서)", required=False)  # type: ignore[assignment]

    def __init__(
        self, *args: Any, labels: Mapping[str, str], needs_files: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if needs_files:
            self.fields[
                "files"
            ].help_text = "마치고 제출하려면 기록에 파일이 하나 이상 있어야 합니다."
        for name in ("title", "body", "outcome", "amount"):
            if name in labels:
                self.fields[name].label = labels[name]
            else:
                del self.fields[name]


class AnswerForm(PlainForm):
    note = forms.CharField(
        label="의견 (되돌려 보내거나 동의하지 않으면 꼭 적어 주세요)",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "input--long"}),
    )


class LevelForm(PlainForm):
    level = forms.ChoiceField(label="확인한 수준", widget=forms.RadioSelect)

    def __init__(self, *args: Any, levels: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["level"]).choices = list(levels)


class ExpertForm(PlainForm):
    route = forms.ChoiceField(label="자격", widget=forms.RadioSelect)
    employer = NameField(label="근무한 곳", max_length=100, required=False)
    years = forms.IntegerField(
        label="관련 경력(년)",
        widget=forms.TextInput({"inputmode": "numeric", "class": "input--short"}),
        validators=[within("career_years")],
    )
    degree = forms.CharField(label="학위와 전공", max_length=100, required=False)
    institution = NameField(label="소속 기관", max_length=100, required=False)
    institution_number = BusinessNumberField(
        label="소속 기관의 사업자등록번호",
        required=False,
        help_text="예: 124-81-00998. 소속은 이해관계로 등록되어 그 기업에는 배정되지 않습니다.",
    )
    fields_of = forms.MultipleChoiceField(label="분야", widget=forms.CheckboxSelectMultiple)
    regions = forms.MultipleChoiceField(
        label="활동 지역", widget=forms.CheckboxSelectMultiple, choices=Region.choices
    )
    career = forms.CharField(
        label="경력 소개", max_length=2_000, required=False, widget=forms.Textarea(LONG)
    )
    evidence = forms.FileField(
        label="증빙 파일",
        allow_empty_file=True,
        help_text="경력·학위·자격을 확인할 수 있는 자료를 PDF, JPG, PNG 또는 ZIP 하나로 올려 주세요.",
    )

    def __init__(self, *args: Any, pool: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["route"]).choices = [
            (row["code"], row["label"]) for row in pool["routes"]
        ]
        cast(forms.ChoiceField, self.fields["fields_of"]).choices = [
            (row["code"], row["label"]) for row in pool["fields"]
        ]
        if not pool.get("institution"):
            del self.fields["institution"], self.fields["institution_number"]
        else:
            del self.fields["employer"]
            for name in ("institution", "institution_number"):
                self.fields[name].required = True

    def data_to_save(self) -> dict[str, Any]:
        """Return the answers under the parameter names of `experts.apply`."""
        data = {**self.cleaned_data}
        data["fields"] = data.pop("fields_of")
        return data
