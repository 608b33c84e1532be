"""Eligibility."""

from collections.abc import Sequence
from typing import Any

from django import forms

from programs.forms.ledger import WonField
from programs.queries.eligibility import Asked
from programs.states import CompanyKind, CompanySize, QuestionKind

EMPTY = ("", "고르세요")


YES_NO = [("true", "예"), ("false", "아니요")]


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
