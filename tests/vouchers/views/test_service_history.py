"""What the public reads of a service: history, reports, corrections, comparison."""

import pytest
from django.test import Client

from tests.factories import reports as make
from tests.factories import vouchers as panel
from vouchers.models import Correction
from vouchers.services import corrections

pytestmark = pytest.mark.django_db


def words(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def fixed_case() -> Correction:
    """A case that the supplier answered and the agency found put right."""
    case, agency = make.raised(), panel.agency()
    corrections.verify(case, finding="열리지 않음", by=agency, now=make.LATER)
    corrections.request(case, text="고쳐 주세요.", by=agency, now=make.LATER)
    seller = make.desk(case.service.supplier)
    corrections.answer(case, text="고침", by=seller, now=make.LATER)
    corrections.fix(case, note="확인함", by=agency, now=make.LATER)
    return case


def test_a_service_shows_its_history_the_newest_first(client: Client) -> None:
    case = fixed_case()
    page = words(client, f"/vouchers/services/{case.service.code}/")
    told = page[page.index("이 서비스의 이력") :]
    order = ["시정 완료 확인", "시정 요청", "소비자 보고서 1건 공개", "판매 시작"]
    places = [told.index(word) for word in order]
    assert places == sorted(places)


def test_what_is_not_public_is_not_in_the_history(client: Client) -> None:
    report = make.accepted()
    make.raised(report)
    page = words(client, f"/vouchers/services/{report.assignment.service.code}/")
    told = page[page.index("아직 공개된 소비자 보고서가 없습니다") :]
    assert "시정" not in told.partition("</main>")[0]
    assert "1건 공개" not in told


def test_a_report_shows_its_overall_rating_and_how_it_begins(client: Client) -> None:
    report = make.published(value=4, satisfaction=2)
    page = words(client, f"/vouchers/services/{report.assignment.service.code}/")
    assert "전반적 만족도 2 / 5점" in page
    assert report.texts["features"][:40] in page


def test_a_comparison_shows_corrections_and_reports(client: Client) -> None:
    case, other = fixed_case(), panel.service()
    panel.suspended(other)
    page = client.get(f"/vouchers/compare/?s={case.service.code}&s={other.code}")
    body = page.content.decode()
    assert body.count("1건 읽기") == 1
    assert body.count("시정 완료 1건") == 1
    assert "판매 중지" in body


def test_the_list_of_corrections_counts_them_by_state(client: Client) -> None:
    fixed_case()
    make.raised()  # not verified: counted nowhere
    counts = {
        code: count for code, _, count in client.get("/vouchers/corrections/").context["counts"]
    }
    assert counts.pop("fixed") == 1
    assert set(counts.values()) == {0}
