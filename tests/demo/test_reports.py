"""The demo's reports: who tries what, and when reports are published."""

from datetime import datetime, timedelta

import pytest

from demo.vouchers import reports as reports_demo
from portal.core.clock import KST
from tests.factories import reports as make_reports
from tests.factories import vouchers as make
from vouchers.states import Category

pytestmark = pytest.mark.django_db


def test_the_fields_take_turns_and_the_demos_member_tries_of_several() -> None:
    services = [make.service(category=field) for field in Category for _ in range(6)]
    turns = reports_demo.in_turn(services)
    assert [row.category for row in turns[:12]] == [*Category, *Category]
    assert sorted(row.pk for row in turns) == [row.pk for row in services]
    pinned = reports_demo.pinned(services)
    assert len(pinned) == len(reports_demo.PINNED)
    assert len({row.category for row in pinned}) >= 5
    assert len(services) >= reports_demo.PUBLISHED + reports_demo.STAGED


def test_a_report_is_published_only_after_the_comment_period_even_around_holidays() -> None:
    accepted_at = datetime(2021, 2, 8, 10, tzinfo=KST)  # the period ends after the lunar new year
    report = make_reports.accepted(now=accepted_at)
    written_at = accepted_at - timedelta(days=1)
    assert report.comment_until > written_at + timedelta(days=7)
    assert reports_demo.publication_of(report, written_at) == report.comment_until
