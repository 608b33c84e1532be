"""No page needs more queries when there is more to show."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from tests.factories.staff import enter
from vouchers.models import Award, Correction, PanelRound, ReportFee, Service
from vouchers.services import corrections
from vouchers.services.rewards import awards as awards_services
from vouchers.services.rewards import fees
from vouchers.states import IssueKind

pytestmark = pytest.mark.django_db


class Sample:
    """One member, one supplier and one service about which more and more is told."""

    def __init__(self) -> None:
        self.round: PanelRound = make.round()
        self.supplier = panel.supplier()
        self.service = self.add_service()
        self.monitor = panel.monitor(self.round)
        self.operator, self.agency = panel.operator(), panel.agency()
        self.seller = make.desk(self.supplier)

    def add_service(self) -> Service:
        return panel.service(supplier=self.supplier)

    def grow(self, times: int) -> None:
        """Add reports at every stage, cases, fees and applications."""
        for place in range(times):
            make.published(make.assigned(self.round, service=self.service), by=None)
            other = self.add_service()
            own = make.published(make.assigned(self.round, monitor=self.monitor, service=other))
            make.accepted(make.assigned(self.round, service=other))
            make.written(make.assigned(self.round, monitor=self.monitor))
            panel.application(self.round)
            case = make.raised(own, kind=IssueKind.values[place % 2])
            corrections.verify(case, finding="확인", by=self.agency, now=make.LATER)
            corrections.request(case, text="고침", by=self.agency, now=make.LATER)
        for fee in ReportFee.objects.filter(settlement=None)[:times]:
            fees.pay(fee, by=self.operator, now=NOW)


def codes(sample: Sample) -> str:
    return "&".join(f"s={code}" for code in Service.objects.values_list("code", flat=True)[:2])


# page: whose, and its address
PAGES: dict[str, tuple[str, Callable[[Sample], str]]] = {
    "catalogue": ("", lambda sample: "/vouchers/"),
    "service": ("", lambda sample: f"/vouchers/services/{sample.service.code}/"),
    "comparison": ("", lambda sample: f"/vouchers/compare/?{codes(sample)}"),
    "reports": ("", lambda sample: "/vouchers/reports/"),
    "corrections": ("", lambda sample: "/vouchers/corrections/"),
    "api services": ("", lambda sample: "/api/v1/vouchers/services/"),
    "api reports": ("", lambda sample: "/api/v1/vouchers/reports/"),
    "api corrections": ("", lambda sample: "/api/v1/vouchers/corrections/"),
    "data reports": ("", lambda sample: "/vouchers/data/reports.json"),
    "data ratings": ("", lambda sample: "/vouchers/data/ratings.json"),
    "data corrections": ("", lambda sample: "/vouchers/data/corrections.json"),
    "member's reports": ("member", lambda sample: "/vouchers/my/reports/"),
    "member's activity": ("member", lambda sample: "/vouchers/my/activity/"),
    "member's desk": ("member", lambda sample: "/vouchers/panel/"),
    "supplier's desk": ("seller", lambda sample: "/vouchers/supplier/"),
    "dashboard": (
        "operator",
        lambda sample: f"/admin/vouchers/reportplan/{sample.round.plan.pk}/change/",
    ),
    "scores": (
        "operator",
        lambda sample: f"/admin/vouchers/reportplan/{sample.round.plan.pk}/scores/",
    ),
    "round": ("operator", lambda sample: f"/admin/vouchers/panelround/{sample.round.pk}/change/"),
    "list of reports": ("operator", lambda sample: "/admin/vouchers/consumerreport/"),
    "list of corrections": ("operator", lambda sample: "/admin/vouchers/correction/"),
    "list of fees": ("operator", lambda sample: "/admin/vouchers/reportfee/"),
    "list of applications": ("operator", lambda sample: "/admin/vouchers/panelapplication/"),
    "list of members": ("operator", lambda sample: "/admin/vouchers/monitor/"),
    "list of services": ("operator", lambda sample: "/admin/vouchers/service/"),
}


def query_counts(sample: Sample) -> dict[str, int]:
    """How many queries each page takes now."""
    people: dict[str, Any] = {
        "": None,
        "member": sample.monitor.user,
        "seller": sample.seller,
        "operator": sample.operator,
    }
    clients = {who: enter(Client(), user) if user else Client() for who, user in people.items()}
    found = {}
    for name, (who, address) in PAGES.items():
        clients[who].get(address(sample))  # what is looked up once for all pages
        with CaptureQueriesContext(connection) as queries:
            answer = clients[who].get(address(sample))
        assert answer.status_code == 200, name
        found[name] = len(queries)
    return found


def test_more_rows_never_mean_more_queries() -> None:
    sample = Sample()
    sample.grow(2)
    few = query_counts(sample)
    sample.grow(5)
    assert Correction.objects.count() == 7
    assert query_counts(sample) == few


def test_the_page_of_awards_does_not_ask_for_each_award() -> None:
    counts = []
    for members in (2, 8):
        round, operator = make.round(), panel.operator()
        for _ in range(members):
            make.accepted(make.assigned(round))
        awards = awards_services.propose(round, by=operator, now=NOW)
        client, url = enter(Client(), operator), f"/admin/vouchers/awardround/{awards.pk}/change/"
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
    assert Award.objects.count() == 10
    assert counts[0] == counts[1]
