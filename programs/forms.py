"""Forms of the public pages: who you are, the self-check, the grant preview."""

from collections.abc import Sequence
from typing import Any

from django import forms

from portal.core.money import MAX_WON
from programs.models import SubProgram, Track
from programs.queries import Asked
from programs.states import CompanyKind, CompanySize, GrantKind, QuestionKind

EMPTY = ("", "고르세요")
YES_NO = [("true", "예"), ("false", "아니요")]


class WonField(forms.IntegerField):
    """An amount in won; commas and the word 원 may be typed."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(
            {"inputmode": "numeric", "data-unit": "원", "class": "input--short"}
        )
        super().__init__(min_value=0, max_value=MAX_WON, widget=widget, **options)

    def to_python(self, value: Any) -> int | None:
        """Drop what people type around a number."""
        if isinstance(value, str):
            value = value.replace(",", "").replace("원", "").replace(" ", "")
        return super().to_python(value)


class ReaderForm(forms.Form):
    """Who the reader is, to leave out programmes that are not for them."""

    company_kind = forms.ChoiceField(
        label="신청자 구분", choices=[("", "전체"), *CompanyKind.choices], required=False
    )
    company_size = forms.ChoiceField(
        label="기업 규모", choices=[("", "전체"), *CompanySize.choices], required=False
    )


class SelfCheckForm(forms.Form):
    """The few questions of a self-check; an answer may be left open."""

    use_required_attribute = False

    def __init__(self, *args: Any, questions: Sequence[Asked], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[question.fact] = _field(question)


def _field(question: Asked) -> forms.Field:
    about = {"label": question.label, "help_text": question.help, "required": False}
    match question.kind:
        case QuestionKind.YES_NO:
            return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, **about)
        case QuestionKind.CHOICE:
            return forms.ChoiceField(choices=[EMPTY, *question.choices], **about)
        case QuestionKind.MULTI:
            return forms.MultipleChoiceField(
                choices=question.choices, widget=forms.CheckboxSelectMultiple, **about
            )
        case QuestionKind.DATE:
            widget = forms.DateInput({"type": "date", "class": "input--short"}, format="%Y-%m-%d")
            return forms.DateField(widget=widget, **about)
        case QuestionKind.INTEGER:
            widget = forms.TextInput({"inputmode": "numeric", "class": "input--short"})
            return forms.IntegerField(min_value=0, max_value=1_000_000, widget=widget, **about)
        case QuestionKind.WON:
            return WonField(**about)
    return forms.CharField(max_length=200, **about)


class PreviewForm(forms.Form):
    """What a grant preview needs: the track and the money."""

    use_required_attribute = False

    track = forms.ChoiceField(label="지원유형")
    total_cost_won = WonField(
        label="총사업비", required=False, help_text="정부지원금과 기업부담금을 더한 금액입니다."
    )
    requested_won = WonField(
        label="신청금액", required=False, help_text="받고자 하는 정부지원금입니다."
    )

    def __init__(self, *args: Any, program: SubProgram, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tracks = list(program.tracks.all())
        self.fields["track"].choices = [(track.code, track.name) for track in tracks]
        kinds = {track.grant_kind for track in tracks}
        if kinds <= {GrantKind.FLAT, GrantKind.IN_KIND}:
            del self.fields["total_cost_won"]
        if GrantKind.REQUESTED not in kinds:
            del self.fields["requested_won"]
        self.tracks = {track.code: track for track in tracks}

    def chosen(self) -> Track:
        """The track that was picked."""
        return self.tracks[self.cleaned_data["track"]]
