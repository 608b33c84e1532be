"""How many firms: the words of the notice and what they stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import BadInput
from programs.rules.grants.quota import label, note, places


@pytest.mark.parametrize(
    ("count", "kind", "text"),
    [
        (6_000, "at_least", "6,000개 이상"),
        (57, "about", "57개 내외"),
        (800, "exact", "800개"),
        (630, "about", "630개 내외"),
        (860, "about", "860개 내외"),
        (1_190, "exact", "1,190개"),
        (None, "none", "정함 없음"),
    ],
)
def test_the_seven_quotas_keep_the_wording_of_the_notice(
    count: int | None, kind: str, text: str
) -> None:
    assert label(count, kind) == text


def test_s7_at_least_6000_is_a_target_and_no_stop() -> None:
    assert places(6_000, "at_least") is None
    short = note(6_000, "at_least", 5_999)
    assert short is not None
    assert (short.code, short.blocking) == ("quota_short", False)
    assert note(6_000, "at_least", 6_000) is None


@pytest.mark.parametrize(("count", "kind"), [(57, "about"), (800, "exact")])
def test_about_and_a_plain_count_cut_the_proposal_and_only_warn_beyond(
    count: int, kind: str
) -> None:
    assert places(count, kind) == count
    assert note(count, kind, count) is None
    over = note(count, kind, count + 1)
    assert over is not None
    assert (over.code, over.blocking) == ("quota_over", False)


def test_cloud_has_no_quota_at_all() -> None:
    assert places(None, "none") is None
    assert note(None, "none", 10_000) is None


@given(
    st.integers(0, 10_000), st.sampled_from(["about", "at_least", "exact"]), st.integers(0, 9999)
)
def test_a_quota_never_blocks(count: int, kind: str, selected: int) -> None:
    finding = note(count, kind, selected)
    assert finding is None or finding.blocking is False
    assert (finding is None) == (selected >= count if kind == "at_least" else selected <= count)


@pytest.mark.parametrize(
    ("count", "kind"), [(None, "about"), (5, "none"), (-1, "exact"), (5, "maximum")]
)
def test_refuses_a_count_and_kind_that_do_not_fit(count: int | None, kind: str) -> None:
    for function in (places, label):
        with pytest.raises(BadInput) as refused:
            function(count, kind)
        assert refused.value.code == "quota"
