"""Persons on staff pages: two of one name are told apart, and no whole address is shown."""

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from portal.forms.people import PersonField, PersonsField, hinted, labels, told_apart
from portal.models import User

names = st.sampled_from(["김하나", "이두리", ""])
addresses = st.from_regex(r"[a-z0-9.]{1,9}@[ab]\.kr", fullmatch=True)


@given(st.lists(st.tuples(names, addresses), max_size=8, unique_by=lambda row: row[1]))
def test_no_two_accounts_share_a_label_and_none_shows_a_whole_address(rows) -> None:
    people = [User(pk=pk, name=name, email=email) for pk, (name, email) in enumerate(rows, 1)]
    found = labels(people)
    assert len(set(found.values())) == len(people)
    for person in people:
        assert person.name in found[person.pk]
        assert person.email not in found[person.pk]


@given(addresses)
def test_the_middle_of_an_address_is_hidden(address: str) -> None:
    assert "**" in hinted(address)
    assert hinted(address) != address


def test_an_affiliation_stands_between_name_and_address() -> None:
    person = User(name="김하나", email="hana.kim@univ.kr")
    assert told_apart(person) == "김하나 · ha**im@univ.kr"
    person.affiliation = "한국대학교"
    assert told_apart(person) == "김하나 · 한국대학교 · ha**im@univ.kr"


@pytest.mark.django_db
@pytest.mark.parametrize("field", [PersonField, PersonsField])
def test_choices_of_one_name_and_one_mask_differ_by_their_number(field) -> None:
    for address in ("kim.abc.lee@univ.kr", "kim.xyz.lee@univ.kr"):
        User.objects.create_user(address, name="김하나")

    class Form(forms.Form):
        who = field(queryset=User.objects.order_by("pk"))

    shown = [str(label) for value, label in Form()["who"].field.choices if value]
    assert len(set(shown)) == 2
    assert all("번 계정" in label for label in shown)
