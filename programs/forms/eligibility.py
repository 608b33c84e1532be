"""Forms of the programme list and the self-check."""

from collections.abc import Sequence
from typing import Any

from django import forms

from portal.forms.fields import WonField
from portal.forms.ranges import within
from programs.forms.industries import IndustryField
from programs.queries.eligibility import Question
from programs.rules.industries import FACT
from programs.states import CompanyKind, CompanySize, QuestionKind

EMPTY = ("", "고르세요")
YES_NO = [("true", "예"), ("false", "아니요")]


class ReaderForm(forms.Form):
    """Facts about the reader that filter the list of programmes."""

    company_kind = forms.ChoiceField(
        label="신청자 구분", choices=[("", "전체"), *CompanyKind.choices], required=False
    )
    company_size = forms.ChoiceField(
        label="기업 규모", choices=[("", "전체"), *CompanySize.choices], required=False
    )


class SelfCheckForm(forms.Form):
    """The questions of a self-check; every answer is optional."""

    use_required_attribute = False

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in questions:
            self.fields[question.fact] = _field(question)


def _field(question: Question) -> forms.Field:
    field = _empty_field(question)
    field.label, field.help_text = question.label, question.help
    return field


def _empty_field(question: Question) -> forms.Field:
    if question.fact == FACT:
        return IndustryField()
    match question.kind:
        case QuestionKind.YES_NO:
            return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, required=False)
        case QuestionKind.CHOICE:
            return forms.ChoiceField(choices=[EMPTY, *question.choices], required=False)
        case QuestionKind.MULTI:
            return forms.MultipleChoiceField(
                choices=question.choices, widget=forms.CheckboxSelectMultiple, required=False
            )
        case QuestionKind.DATE:
            date = forms.DateInput({"type": "date", "class": "input--short"}, format="%Y-%m-%d")
            return forms.DateField(widget=date, required=False, validators=[within("fact_day")])
        case QuestionKind.INTEGER:
            number = forms.TextInput({"inputmode": "numeric", "class": "input--short"})
            return forms.IntegerField(
                widget=number, required=False, validators=[within("fact_count")]
            )
        case QuestionKind.WON:
            return WonField(required=False, validators=[within("fact_won")])
    return forms.CharField(max_length=200, required=False)
