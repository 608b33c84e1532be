"""Required partners and their terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.rules.intake.partners import Partner, Terms, judge, judge_terms, parse, shares
from portal.core.errors import BadInput

ROBOT = parse([{"role": "supplier", "label": "로봇 공급기업"}])
CLOUD = parse(
    [
        {"role": "ict", "label": "정보통신기술 기업"},
        {
            "role": "member",
            "label": "공동 신청 중소기업",
            "minimum": 1,
            "when": {"lead_kind": ["group"]},
        },
    ]
)
SUPPLIER = Partner("supplier", "accepted", "로봇공급", 8, "1008100070")


def codes(*partners: Partner) -> list[str]:
    findings = judge(
        ROBOT, partners, applicant_company_id=7, applicant_business_number="1248100998"
    )
    return [finding.code for finding in findings]


def test_s12_a_robot_supplier_must_join() -> None:
    assert codes() == ["partner_missing:supplier"]
    assert codes(SUPPLIER) == []


def test_an_invited_supplier_has_not_yet_joined() -> None:
    assert codes(Partner("supplier", "invited", "로봇공급", 8)) == ["partner_pending:supplier"]


def test_a_supplier_that_declined_does_not_count() -> None:
    assert codes(Partner("supplier", "declined", "로봇공급", 8)) == ["partner_missing:supplier"]


def test_s12_the_supplier_must_be_another_company() -> None:
    assert codes(Partner("supplier", "accepted", "자기", 7)) == ["partner_is_applicant:supplier"]
    same_number = Partner("supplier", "accepted", "지점", None, "1248100998")
    assert codes(same_number) == ["partner_is_applicant:supplier"]


def test_one_business_number_counts_once() -> None:
    assert codes(SUPPLIER, SUPPLIER) == ["partner_duplicate"]


def test_everything_is_reported_at_once() -> None:
    assert codes(Partner("member", "invited", "자기", 7)) == [
        "partner_missing:supplier",
        "partner_pending:member",
        "partner_is_applicant:member",
    ]


def test_partners_without_a_known_number_are_not_mistaken_for_each_other() -> None:
    assert judge((), [Partner("a", "accepted"), Partner("b", "accepted")]) == []


ICT = Partner("ict", "accepted", "솔루션", 9, "1234567891")


def test_s20_an_association_needs_only_the_ict_firm() -> None:
    assert judge(CLOUD, [ICT], facts={"lead_kind": "association"}) == []
    findings = judge(CLOUD, [], facts={"lead_kind": "association"})
    assert [finding.code for finding in findings] == ["partner_missing:ict"]


def test_s20_a_group_needs_a_second_small_firm_as_well() -> None:
    findings = judge(CLOUD, [ICT], facts={"lead_kind": "group"})
    assert [finding.code for finding in findings] == ["partner_missing:member"]
    assert "1곳이 필요합니다" in findings[0].message


def test_a_higher_minimum_is_counted() -> None:
    two = parse([{"role": "member", "label": "회원사", "minimum": 2}])
    member = Partner("member", "accepted", "하나", 1, "1008100070")
    assert [f.code for f in judge(two, [member])] == ["partner_missing:member"]
    assert judge(two, [member, Partner("member", "accepted", "둘", 2, "1234567891")]) == []


@pytest.mark.parametrize(
    "row",
    [
        {"role": "supplier"},
        {"role": "supplier", "label": "공급기업", "minimum": 0},
        {"role": "supplier", "label": "공급기업", "minimum": True},
        {"role": "supplier", "label": "공급기업", "when": {"track": "a"}},
        {"role": "supplier", "label": "공급기업", "min": 1},
    ],
)
def test_a_faulty_row_is_named(row: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="2번째") as refused:
        parse([{"role": "ict", "label": "정보통신기술 기업"}, row])
    assert refused.value.code == "partner_role"


def with_terms(share: int | None = 0, quote: int | None = None, confirmed: bool | None = True):
    return Partner("ict", "accepted", "가나", terms=Terms(share, quote, confirmed))


ASKED = {"ict": {"share": True, "quote": False}}


@given(st.lists(st.integers(0, 10**12), max_size=6), st.integers(0, 10**13))
def test_shares_and_the_applicant_s_rest_make_up_the_cost_to_the_won(parts, own) -> None:
    joined = [with_terms(share) for share in parts]
    split = shares(joined, own_won=own)
    assert split.applicant_won + sum(parts) == own
    codes = {f.code for f in judge_terms(ASKED, joined, own_won=own, total_cost_won=None)}
    assert ("partner_shares_over_cost" in codes) == (sum(parts) > own)


@pytest.mark.parametrize(
    ("partner", "code"),
    [
        (Partner("ict", "accepted", "가나"), "partner_terms:ict"),
        (with_terms(None), "partner_share:ict"),
        (with_terms(confirmed=None), "partner_unconfirmed:ict"),
        (with_terms(confirmed=False), "partner_disagrees:ict"),
    ],
)
def test_unsettled_terms_are_named(partner, code) -> None:
    found = judge_terms(ASKED, [partner], own_won=10, total_cost_won=20)
    assert [finding.code for finding in found] == [code]


def test_nothing_is_asked_of_who_has_not_joined() -> None:
    invited = Partner("ict", "invited", "가나")
    assert judge_terms(ASKED, [invited], own_won=10, total_cost_won=20) == []
