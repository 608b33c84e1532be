"""Bursts from one address, telephone, device or account series are flagged, and only those."""

from datetime import datetime, timedelta

from portal.core.clock import KST
from vouchers.rules.recruitment import Flag, Trace, account_stem, flags

AT = datetime(2021, 2, 10, 9, tzinfo=KST)


def traces(*hours: float, **same: str) -> list[Trace]:
    return [Trace(id, AT + timedelta(hours=hour), **same) for id, hour in enumerate(hours, start=1)]


def test_three_from_one_address_within_a_day_are_a_burst() -> None:
    found = flags(traces(0, 5, 23, address="x"), limit=3, hours=24)
    assert found == {id: [Flag("address", 3)] for id in (1, 2, 3)}
    assert found[1][0].label == "같은 접속 주소 3건"


def test_two_or_three_over_more_than_a_day_are_none() -> None:
    assert flags(traces(0, 5, address="x"), limit=3, hours=24) == {}
    assert flags(traces(0, 15, 30, address="x"), limit=3, hours=24) == {}


def test_each_belongs_to_its_own_largest_burst() -> None:
    found = flags(traces(0, 1, 2, 3, 40, device="d"), limit=3, hours=24)
    assert found == {id: [Flag("device", 4)] for id in (1, 2, 3, 4)}


def test_an_unknown_value_matches_nothing() -> None:
    assert flags(traces(0, 0, 0, 0), limit=2, hours=24) == {}


def test_numbered_accounts_share_a_stem() -> None:
    assert (
        account_stem("panel01@naver.com") == account_stem("Panel.02@naver.com") == "panel@naver.com"
    )
    assert account_stem("kimsoyeon@naver.com") == ""
    assert account_stem("a1@naver.com") == ""
    rows = [Trace(id, AT, email=f"panel{id}@naver.com") for id in range(3)]
    assert flags(rows, limit=3, hours=1)[0] == [Flag("account", 3)]
