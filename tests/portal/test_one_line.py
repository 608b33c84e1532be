"""Inputs of one line hold one line: names appear in e-mails, lists and files of others."""

import pytest
from django import forms

from applications.forms.company import RegisterForm, SiteForm
from portal.access.accounts import SignupForm
from portal.forms.fields import PlainForm

BREAKING = ["한빛\n안내: 아래에서 다시 로그인하세요", "한빛\r\n", "한\u202e빛", "한\u2066빛", "한\x1b[31m빛", "한\u2028빛"]  # fmt: skip
PLAIN = ["한빛정밀(주)", "Hanbit & Co. “A/S”", "한빛\t정밀", "a‐b–c", "日本 ℃ ㈜"]


class Asked(PlainForm):
    name = forms.CharField(strip=False)
    story = forms.CharField(required=False, widget=forms.Textarea)


@pytest.mark.parametrize("text", BREAKING)
def test_a_field_of_one_line_takes_no_second(text: str) -> None:
    form = Asked({"name": text, "story": "두\n줄"})
    assert form.errors.as_data()["name"][0].code == "one_line"
    assert "story" not in form.errors


@pytest.mark.parametrize("text", PLAIN)
def test_what_a_browser_sends_from_one_line_is_taken(text: str) -> None:
    form = Asked({"name": text, "story": "두\n줄"})
    assert form.is_valid()
    assert form.cleaned_data == {"name": text, "story": "두\n줄"}


@pytest.mark.parametrize(("made", "field"), [(RegisterForm, "name"), (SiteForm, "name"), (SignupForm, "name")])  # fmt: skip
def test_a_name_in_an_email_has_one_line(made: type[forms.Form], field: str) -> None:
    form = made({field: "한빛\nhttps://phish.example/"})
    assert form.errors.as_data()[field][0].code == "one_line"
