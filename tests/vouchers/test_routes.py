"""Every URL of the app requested by every role; pages of others do not exist."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.uploads import files
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from tests.factories.staff import enter
from vouchers.models import Certificate, ConsumerReport, PanelApplication
from vouchers.services import books, corrections
from vouchers.services.catalogue import sale
from vouchers.services.reports import moderation
from vouchers.services.rewards import awards as awards_services
from vouchers.urls import urlpatterns

pytestmark = pytest.mark.django_db
PEOPLE = ("visitor", "stranger", "member", "seller", "rival", "operator")
ALL = "200 200 200 200 200 200"
SIGNED_IN = "302 200 200 200 200 200"
OWN = "302 404 200 404 404 404"
NOBODY = "404 404 404 404 404 404"
# address: what a visitor, a stranger, the member, the supplier, another supplier and the operator get
ROUTES = {
    "service_list": ALL,
    "service_detail": ALL,
    "service_compare": "302 302 302 302 302 302",
    "report_list": ALL,
    "published_report": ALL,
    "report_picture": ALL,
    "correction_list": ALL,
    "correction_detail": ALL,
    "report_book": ALL,
    "voucher_data": ALL,
    "voucher_data_file": ALL,
    "panel_reports": SIGNED_IN,
    "panel_report": OWN,
    "panel_report_review": OWN,
    "panel_picture_add": "302 404 400 404 404 404",
    "panel_picture_remove": "302 404 302 404 404 404",
    "panel_activity": SIGNED_IN,
    "panel_certificate": "302 404 200 404 404 200",
    "supplier_desk": "302 404 404 200 200 404",
    "supplier_report": "302 404 404 200 404 404",
    "supplier_correction": "302 404 404 200 404 404",
    "supplier_suspension": "302 404 404 200 404 404",
    "supplier_proof": "302 404 404 200 404 200",
    "api_voucher_reports": ALL,
    "api_voucher_corrections": ALL,
    "panel_detail": ALL,
    "panel_apply": "302 302 302 302 302 302",
    "panel_desk": SIGNED_IN,
    "panel_application": OWN,
    "panel_evidence_add": "302 404 400 404 404 404",
    "panel_appeal": "302 404 400 404 404 404",
    "panel_evidence": OWN,  # a draft: not even the desk
    "panel_evidence_remove": "302 404 302 404 404 404",
    "panel_withdraw": OWN,
    "panel_decline": OWN,
    "panel_wishes": OWN,
    "panel_leave": OWN,
    "panel_drop": OWN,
    "api_services": ALL,
    "api_service": ALL,
}
# The same addresses while nothing is published: nobody but those concerned.
HIDDEN = {
    "published_report": NOBODY,
    "report_picture": "404 404 200 404 404 200",
    "correction_detail": NOBODY,
    "report_book": NOBODY,
    "supplier_report": "302 404 404 404 404 404",
    "supplier_correction": "302 404 404 404 404 404",
    "supplier_suspension": "302 404 404 404 404 404",
}


@dataclass
class World:
    """What the addresses name, and who asks."""

    people: dict[str, Any]
    names: dict[str, dict[str, Any]]
    posted: frozenset[str] = frozenset(
        {
            *("panel_picture_add", "panel_picture_remove", "panel_apply"),
            *("panel_evidence_add", "panel_evidence_remove", "panel_appeal"),
        }
    )

    def ask(self, name: str) -> str:
        """Open an address as everybody; the answers side by side."""
        url = reverse(name, kwargs=self.names.get(name, {}))
        told = []
        for who in PEOPLE:
            client = Client()
            if self.people[who]:
                enter(client, self.people[who])
            answer = client.post(url) if name in self.posted else client.get(url)
            told.append(str(answer.status_code))
            if answer.streaming:
                assert b"".join(answer.streaming_content)
        return " ".join(told)


def world(*, public: bool) -> World:
    """A member with one report out (or waiting), one draft, a case, an award; two suppliers."""
    service, moderator = panel.service(), panel.moderator()
    round = make.round()
    filed = panel.whole_draft(round)
    member = filed.user
    monitor = panel.monitor(round, application=filed)
    PanelApplication.objects.filter(pk=filed.pk).update(state="draft")
    seller, rival = make.desk(service.supplier), make.desk(panel.supplier())
    told = make.submitted(make.assigned(round, monitor=monitor, service=service))
    draft = make.written(make.assigned(round, monitor=monitor))
    moderation.accept(told, by=moderator, now=NOW, note="확인")
    case = make.raised(told)
    stopping = sale.propose_suspension(service, reason="거짓", by=panel.agency(), now=NOW)
    names: dict[str, dict[str, Any]] = {
        "supplier_suspension": {"pk": stopping.pk},
        "published_report": {"pk": told.pk},
        "report_picture": {"pk": told.evidence.get().pk},
        "correction_detail": {"pk": case.pk},
        "supplier_report": {"pk": told.pk},
        "supplier_correction": {"pk": case.pk},
        "report_book": {"token": "00000000-0000-4000-8000-000000000000"},
    }
    if public:
        names |= _publish(make.fresh(told), case, seller, moderator)
        sale.confirm_suspension(stopping, by=panel.agency(), now=make.LATER)
    else:
        ConsumerReport.objects.filter(pk=told.pk).update(state="submitted")
    draft_names = {"pk": draft.assignment_id}
    application = {"pk": filed.pk}
    names |= {
        "service_detail": {"code": service.code},
        "api_service": {"code": service.code},
        "voucher_data_file": {"name": "reports", "kind": "csv"},
        "panel_report": draft_names,
        "panel_report_review": draft_names,
        "panel_picture_add": draft_names,
        "panel_picture_remove": {"pk": draft.evidence.get().pk},
        "panel_detail": {"code": round.code},
        "panel_apply": {"code": round.code},
        "panel_application": application,
        "panel_evidence_add": application,
        "panel_evidence": {"pk": filed.evidence.get().pk},
        "panel_evidence_remove": {"pk": filed.evidence.get().pk},
        "panel_appeal": application,
        "panel_withdraw": application,
        "panel_decline": application,
        "panel_wishes": {"pk": monitor.pk},
        "panel_leave": {"pk": monitor.pk},
        "panel_drop": draft_names,
    }
    people = {
        "visitor": None,
        "stranger": panel.person(),
        "member": member,
        "seller": seller,
        "rival": rival,
        "operator": panel.operator(),
    }
    return World(people, names)


def _publish(told: ConsumerReport, case: Any, seller: Any, moderator: Any) -> dict[str, Any]:
    """Publish report, case and book; pay the award and print its certificate."""
    operator, agency, round = panel.operator(), panel.agency(), told.assignment.round
    moderation.publish(told, by=moderator, now=make.LATER)
    corrections.verify(case, finding="열리지 않음", by=agency, now=make.LATER)
    corrections.request(case, text="고쳐 주세요.", by=agency, now=make.LATER)
    answer = corrections.answer(
        case, text="고침", uploads=[make.picture()], by=seller, now=make.LATER
    )
    awards = awards_services.propose(round, by=operator, now=make.LATER)
    awards_services.approve(awards, by=agency, now=make.LATER)
    awards_services.pay(awards, by=operator, now=make.LATER)
    category = told.assignment.service.category
    book = books.request(round, category=category, by=operator, now=make.LATER)
    certificate = Certificate.objects.get()
    printed = {"file": files.store_bytes(b"%PDF-1.4"), "issued_at": make.LATER}
    for paper in (book, certificate):
        type(paper).objects.filter(pk=paper.pk).update(**printed)
    return {
        "report_book": {"token": book.token},
        "panel_certificate": {"token": certificate.token},
        "supplier_proof": {"pk": answer.evidence.get().pk},
    }


@pytest.fixture
def told(settings, tmp_path) -> Callable[..., World]:
    settings.PRIVATE_ROOT = tmp_path
    return world


def test_every_url_is_tested() -> None:
    assert {entry.name for entry in urlpatterns} == set(ROUTES)
    assert set(HIDDEN) <= set(ROUTES)


def test_everyone_reads_their_own_pages_and_no_others(told) -> None:
    here = told(public=True)
    assert {name: here.ask(name) for name in ROUTES} == ROUTES


def test_before_publication_only_those_concerned_find_anything(told) -> None:
    here = told(public=False)
    assert {name: here.ask(name) for name in HIDDEN} == HIDDEN
