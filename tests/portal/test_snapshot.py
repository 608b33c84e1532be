"""Canonical JSON and its hash."""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from portal.records.snapshot import canonical, sha256, to_plain
from programs.rules.calendar import KST


class Track(StrEnum):
    BASIC = "basic"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**13), 10**13) | texts | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def test_writes_keys_in_order_korean_as_it_is_and_nothing_more() -> None:
    assert canonical({"나": 1, "가": ["ㄱ", None, True]}) == '{"가":["ㄱ",null,true],"나":1}'


def test_the_hash_is_the_sha256_of_those_bytes() -> None:
    assert sha256({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()


def test_the_same_instant_in_two_zones_has_one_spelling() -> None:
    here = datetime(2021, 2, 25, 18, 0, tzinfo=KST)
    assert (
        canonical(here) == canonical(here.astimezone(UTC)) == '"2021-02-25T09:00:00.000000+00:00"'
    )


def test_spells_dates_decimals_and_enum_members_by_their_content() -> None:
    assert canonical([date(2021, 2, 16), Decimal("80.50"), Track.BASIC]) == (
        '["2021-02-16","80.50","basic"]'
    )


@given(st.dictionaries(texts, values, max_size=6))
def test_the_order_of_keys_never_changes_the_hash(value: dict[str, object]) -> None:
    assert sha256(value) == sha256(dict(reversed(list(value.items()))))


@given(values)
def test_what_was_frozen_can_be_read_back_and_frozen_again(value: object) -> None:
    assert json.loads(canonical(value)) == to_plain(value)
    assert sha256(json.loads(canonical(value))) == sha256(value)


@given(values, values)
def test_unlike_content_has_an_unlike_hash(one: object, other: object) -> None:
    assert (sha256(one) == sha256(other)) == (canonical(one) == canonical(other))


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        datetime(2021, 1, 1),  # noqa: DTZ001
        {1: "a"},
        {"a", "b"},
        b"bytes",
        Decimal("NaN"),
        "\ud800",
        object(),
    ],
)
def test_refuses_what_has_no_single_spelling(value: object) -> None:
    with pytest.raises(BadInput) as refused:
        canonical({"answers": [value]})
    assert refused.value.code == "snapshot"
    assert "answers[0]" in refused.value.message
