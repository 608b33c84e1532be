"""Conflicts of interest: ties between persons and firms."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assignment.ties import (
    PUBLIC_DOMAINS,
    Index,
    Party,
    Person,
    Register,
    linked,
    normalise_address,
    ties,
)

FIRM = Party(
    name="㈜한빛정밀",
    role="신청기업",
    business_number="1248100998",
    phones=frozenset({"031-123-4567"}),
    emails=frozenset({"kim@hanbit.co.kr", "hanbit@naver.com"}),
    address="경기도 안산시 단원구 산단로 123 (원시동)",
    company_id=7,
    member_user_ids=frozenset({42}),
)
STRANGER = Person(
    name="이평가",
    user_id=1,
    email="lee@naver.com",
    phone="010-9999-0000",
    business_numbers=frozenset({"1234567891"}),
    address="서울특별시 중구 세종대로 110",
    company_ids=frozenset({99}),
)


def codes(person: Person, *parties: Party) -> list[str]:
    return [finding.code for finding in ties(person, parties or (FIRM,), who="평가위원")]


def test_somebody_without_ties_may_judge() -> None:
    assert codes(STRANGER) == []


def test_an_empty_record_ties_nobody() -> None:
    assert codes(Person()) == []
    assert codes(STRANGER, Party("빈 기업", "신청기업")) == []
    assert codes(Person(), Party("빈 기업", "신청기업")) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"company_ids": frozenset({7})}, "same_company"),
        ({"user_id": 42}, "member"),
        ({"business_numbers": frozenset({"1248100998"})}, "same_business_number"),
        ({"email": "park@hanbit.co.kr"}, "same_email_domain"),
        ({"email": "PARK@mail.Hanbit.co.kr"}, "same_email_domain"),
        ({"email": "Hanbit@NAVER.com"}, "same_email"),
        ({"phone": "+82 31 123 4567"}, "same_phone"),
        ({"address": "경기 안산시 단원구 산단로 123"}, "same_address"),
        ({"declared": frozenset({"124-81-00998"})}, "declared_tie"),
        ({"declared": frozenset({"주식회사 한빛정밀"})}, "declared_tie"),
    ],
)
def test_each_tie_is_found_and_said(change: dict[str, object], code: str) -> None:
    findings = ties(replace(STRANGER, **change), [FIRM], who="평가위원")  # type: ignore[arg-type]
    assert [finding.code for finding in findings] == [code]
    assert findings[0].blocking
    assert findings[0].message.startswith("신청기업 ㈜한빛정밀: ")


def test_all_ties_to_all_parties_are_given_at_once() -> None:
    supplier = Party("로봇공급", "공급기업", "1008100070", company_id=8)
    person = replace(
        STRANGER,
        company_ids=frozenset({7, 8}),
        business_numbers=frozenset({"1248100998", "1008100070"}),
    )
    assert codes(person, FIRM, supplier) == ["same_company", "same_business_number"] * 2


@pytest.mark.parametrize(
    "domain", ["naver.com", "gmail.com", "daum.net", "hanmail.net", "kakao.com"]
)
def test_a_public_mail_service_is_no_tie(domain: str) -> None:
    assert domain in PUBLIC_DOMAINS
    firm = replace(FIRM, emails=frozenset({f"firm@{domain}"}))
    assert codes(replace(STRANGER, email=f"lee@{domain}"), firm) == []


def test_a_domain_that_only_ends_alike_is_no_tie() -> None:
    assert codes(replace(STRANGER, email="lee@newhanbit.co.kr")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("서울특별시 중구 세종대로 110", "서울시  중구 세종대로110 (태평로1가)"),
        ("대한민국 경상남도 창원시 성산구 공단로 1-2", "경남 창원시 성산구 공단로 1-2"),
    ],
)
def test_two_spellings_of_an_address_are_one(one: str, other: str) -> None:
    assert normalise_address(one) == normalise_address(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("경기도 안산시 산단로 12-3", "경기도 안산시 산단로 123"),
        ("경기도 안산시 산단로 123", "경기도 안산시 산단로 124"),
        ("서울 중구 세종대로 110", "부산 중구 세종대로 110"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str) -> None:
    assert normalise_address(one) != normalise_address(other)


def test_an_address_too_vague_to_compare_is_no_tie() -> None:
    vague = replace(FIRM, address="경기도 안산시")
    assert codes(replace(STRANGER, address="경기도 안산시"), vague) == []


def test_links_are_followed_to_their_end() -> None:
    found = linked([("a", "b"), ("c", "b"), ("x", "y")])
    assert found == {
        "a": frozenset("bc"),
        "b": frozenset("ac"),
        "c": frozenset("ab"),
        "x": frozenset("y"),
        "y": frozenset("x"),
    }
    assert linked([]) == {}


def test_a_firm_linked_to_the_employer_is_a_tie() -> None:
    affiliate = replace(FIRM, linked=frozenset({"1234567891"}))
    assert codes(STRANGER, affiliate) == ["linked_firm"]
    assert codes(STRANGER, replace(FIRM, linked=frozenset({"9999999999"}))) == []


NUMBERS = st.sampled_from(["", "1248100998", "1234567891", "1008100070"])
MAILS = st.sampled_from(
    [
        "",
        "a@firm.co.kr",
        "b@mail.firm.co.kr",
        "c@co.kr",
        "d@naver.com",
        "e@naver.com",
        "x@y.example",
    ]
)
PHONES = st.sampled_from(["", "031-123-4567", "0311234567", "010-9999-0000"])
ADDRESSES = st.sampled_from(
    ["", "서울시 중구 세종대로 110", "서울특별시 중구 세종대로 110(태평로)"]
)
NAMES = st.sampled_from(["", "㈜한빛", "한빛", "주식회사 누리", "1248100998"])
PARTIES = st.builds(
    Party,
    name=NAMES,
    role=st.just("공급기업"),
    business_number=NUMBERS,
    phones=st.frozensets(PHONES),
    emails=st.frozensets(MAILS),
    address=ADDRESSES,
    company_id=st.sampled_from([None, 1, 2]),
    member_user_ids=st.frozensets(st.integers(1, 3)),
    linked=st.frozensets(NUMBERS),
)
PERSONS = st.builds(
    Person,
    user_id=st.sampled_from([None, 1, 2]),
    email=MAILS,
    phone=PHONES,
    business_numbers=st.frozensets(NUMBERS.filter(bool)),
    address=ADDRESSES,
    company_ids=st.frozensets(st.integers(1, 3)),
    declared=st.frozensets(NAMES),
)


@given(PERSONS, st.lists(PARTIES, max_size=6))
def test_the_index_finds_what_looking_one_by_one_finds(
    person: Person, parties: list[Party]
) -> None:
    found = [finding for _, finding in Index(parties).ties(person, who="지원자")]
    assert found == ties(person, parties, who="지원자")


few = st.sampled_from
persons = st.builds(
    Person,
    user_id=few([1, 2, None]),
    email=few(["", "a@firm.kr", "b@mail.firm.kr", "c@other.kr", "d@naver.com"]),
    phone=few(["", "02-123-4567", "+82 2 123 4567"]),
    business_numbers=st.frozensets(few(["1", "2", "3"])),
    address=few(["", "서울 중구 세종대로 110", "서울특별시 중구 세종대로 110"]),
    company_ids=st.frozensets(few([1, 2])),
    declared=st.frozensets(few(["㈜한빛", "한빛", "1"])),
)
parties = st.builds(
    Party,
    name=few(["한빛", "주식회사 한빛", "다른"]),
    role=st.just("신청기업"),
    business_number=few(["", "1", "2"]),
    phones=st.frozensets(few(["02-123-4567", "031-1-1"])),
    emails=st.frozensets(few(["x@firm.kr", "y@a.mail.firm.kr", "d@naver.com"])),
    address=few(["", "서울 중구 세종대로 110"]),
    company_id=few([1, 2, 3, None]),
    member_user_ids=st.frozensets(few([1, 2])),
    linked=st.frozensets(few(["2", "3"])),
)


@given(st.lists(persons, max_size=6), parties)
def test_the_register_misses_nobody_who_is_tied(people: list[Person], party: Party) -> None:
    near = Register(dict(enumerate(people))).near(party)
    tied = {key for key, one in enumerate(people) if ties(one, [party], who="평가위원")}
    assert tied <= near
