"""Forms read what people type and paste, of every kind of field, our forms and a library's."""

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.contrib.admin.views.main import ChangeListSearchForm
from django.contrib.admin.widgets import AdminSplitDateTime

from portal.access.accounts import SignupForm
from portal.forms.fields import (
    BusinessNumberField,
    DocumentNumberField,
    HashField,
    NameField,
    PhoneField,
    PlainForm,
    PlainJSONField,
    WonField,
)

NFD = unicodedata.normalize("NFD", "한빛")
HASH = "0123456789abcdef" * 4


class Plain(PlainForm):
    """A form of ours."""


class Other(forms.Form):
    """A form of a library or the staff site."""


CASES = [
    (forms.CharField(), f"\u200b{NFD}\u00a0정밀\u202c ", "한빛 정밀"),
    (forms.CharField(widget=forms.Textarea), f"{NFD}\u202e\n\u200b👩\u200d🔬", "한빛\n👩\u200d🔬"),
    (forms.CharField(widget=forms.HiddenInput), f"{NFD}\ufeff", "한빛"),
    (NameField(), f"（주）{NFD}　\u00a0정밀", "(주)한빛 정밀"),
    (NameField(max_length=5), "한\u200b빛\u200b정\u200b밀\u200b", "한빛정밀"),
    (BusinessNumberField(), "\u202a１２４–81\u00a000998\u202c", "1248100998"),
    (BusinessNumberField(max_length=10), "1 2 4 - 8 1 - 0 0 9 9 8", "1248100998"),
    (PhoneField(), "\u2068+82 10\u20111234\u20115678\u2069", "010-1234-5678"),
    (DocumentNumberField(), " 2021–구축–1차–000123\u200b", "2021-구축-1차-000123"),
    (HashField(), f" {HASH[:32].upper()}\u00ad {HASH[32:]}", HASH),
    (WonField(), "１억 2,000만원", 120_000_000),
    (WonField(required=False), "\u200b", None),
    (forms.EmailField(), "Ｈong\u200b@FIRM。co.kr", "hong@firm.co.kr"),
    (forms.EmailField(), "hong@한빛.한국", "hong@xn--xx3br43b.xn--3e0b707e"),
    (forms.IntegerField(), "１，２３４명", 1234),
    (forms.IntegerField(widget=forms.NumberInput({"data-unit": "%"})), "50％", 50),
    (forms.DecimalField(), "1,234.5", Decimal("1234.5")),
    (forms.DecimalField(widget=forms.TextInput({"data-unit": "%"})), "33.3 %", Decimal("33.3")),
    (forms.FloatField(), "０．５", 0.5),
    (forms.DateField(), "2021년 3월 5일", date(2021, 3, 5)),
    (forms.DateField(), "２０２１．３．５．", date(2021, 3, 5)),
    (forms.RegexField(r"^[0-9]{5}$"), " ２５９２４\u200b", "25924"),
    (forms.ChoiceField(choices=[("구축", "구축")]), unicodedata.normalize("NFD", "구축"), "구축"),
    (forms.MultipleChoiceField(choices=[("구축", "")]), [unicodedata.normalize("NFD", "구축")], ["구축"]),
    (PlainJSONField(), '{"a": "\\u200b한빛"}', {"a": "한빛"}),
]  # fmt: skip


def made(base: type[forms.Form], field: forms.Field, sent: object) -> forms.Form:
    return type("Made", (base,), {"asked": field})({"asked": sent})


@pytest.mark.parametrize("base", [Plain, Other])
@pytest.mark.parametrize(("field", "sent", "read"), CASES)
def test_every_kind_of_field_reads_what_is_pasted(base, field, sent, read) -> None:
    form = made(base, field, sent)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["asked"] == read


def test_a_moment_is_read_with_its_day_as_people_write_it() -> None:
    for sent in ("2021-03-05 18:00", "2021. 3. 5. 18:00", "２０２１－０３－０５Ｔ１８：００"):
        form = made(Plain, forms.DateTimeField(), sent)
        assert form.is_valid(), form.errors
        assert form.cleaned_data["asked"].isoformat() == "2021-03-05T18:00:00+09:00"


def test_a_moment_of_the_staff_site_is_read_in_its_two_parts() -> None:
    field = forms.SplitDateTimeField(widget=AdminSplitDateTime)
    form = type("Made", (Other,), {"asked": field})(
        {"asked_0": "2021. 3. 5.", "asked_1": "１８:00"}
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["asked"].isoformat() == "2021-03-05T18:00:00+09:00"


@pytest.mark.parametrize("base", [Plain, Other])
@pytest.mark.parametrize(
    ("field", "sent", "words"),
    [
        (WonField(), "1,00", "100원"),
        (WonField(), "1.5", "1.5원"),
        (forms.IntegerField(), "1,00", "100인지"),
        (forms.DecimalField(), "33,3", "333인지"),
        (forms.DateField(), "21.3.5", "네 자리"),
        (forms.EmailField(), "h\u043eng@firm.co.kr", "U+043E"),
        (forms.EmailField(), "hong@f\u0456rm.co.kr", "U+0456"),
        (BusinessNumberField(), "124-81-00999", "검증 숫자"),
        (PhoneField(), "1234", "전화번호"),
        (HashField(), "1234", "64자리"),
        (forms.CharField(), "한\u202e빛", "방향"),
    ],
)
def test_what_is_refused_is_said_once_and_shown_again(base, field, sent, words) -> None:
    form = made(base, field, sent)
    first = form["asked"].data
    assert form["asked"].data == first
    assert not form.is_valid()
    assert len(form.errors["asked"]) == 1
    assert words in form.errors["asked"][0]
    assert "한" in sent or form["asked"].value() == sent


def test_a_required_field_is_not_filled_by_what_nobody_sees() -> None:
    for field in (forms.CharField(), NameField(), forms.EmailField(), forms.IntegerField(),
                  BusinessNumberField(), WonField(), forms.DateField()):  # fmt: skip
        form = made(Plain, field, "\u200b\u3164\u00a0")
        assert form.errors.as_data()["asked"][0].code == "required", field


def test_a_field_that_is_added_late_holds_one_line_as_well() -> None:
    form = Plain({"late": "한빛\n둘째"})
    form.fields["late"] = forms.CharField()
    assert form.errors.as_data()["late"][0].code == "one_line"


def test_a_password_stays_as_it_was_typed() -> None:
    sent = " \u1112\u1161\u11ab\u200b ｐ"
    form = made(Other, forms.CharField(widget=forms.PasswordInput, strip=False), sent)
    assert form.is_valid()
    assert form.cleaned_data["asked"] == sent


def test_the_search_of_the_staff_site_is_composed() -> None:
    form = ChangeListSearchForm({"q": f"{NFD}\u200b"})
    assert form.is_valid()
    assert form.cleaned_data["q"] == "한빛"


def test_the_name_of_an_account_can_be_typed_again() -> None:
    form = SignupForm({"name": f"\u200b{NFD}\u3164 \u00a0길동"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["name"] == "한빛 길동"
