"""The public catalogue: search, one service, comparison, quoted figures."""

import pytest
from django.test import Client

from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import QuotedFigure, Service
from vouchers.states import Category

pytestmark = pytest.mark.django_db


def names(client: Client, query: str) -> list[str]:
    answer = client.get(f"/vouchers/?{query}")
    assert answer.status_code == 200
    return [row["service"].name for row in answer.context["rows"]]


def test_a_word_is_found_inside_another_without_spaces_or_case(client: Client) -> None:
    make.service(name="가온 화상 회의 ZOOM")
    make.service(name="누리 보안", category=Category.SECURITY)
    assert names(client, "q=화상회의") == ["가온 화상 회의 ZOOM"]
    assert names(client, "q=회의+zoom") == ["가온 화상 회의 ZOOM"]
    assert names(client, "q=돌봄") == []


def test_a_service_is_found_by_its_supplier_and_its_introduction(client: Client) -> None:
    owner = make.supplier(name="한빛소프트")
    make.service(name="하나", supplier=owner, summary="회의록을 받아씁니다")
    make.service(name="둘")
    assert names(client, "q=한빛") == names(client, "q=회의록") == ["하나"]


def test_scattered_bigrams_are_no_match(client: Client) -> None:
    make.service(name="가나 나다")
    assert names(client, "q=가나다") == []
    assert names(client, "q=가나") == ["가나 나다"]


def test_one_letter_is_too_short_for_a_search(client: Client) -> None:
    answer = client.get("/vouchers/?q=가")
    assert "두 글자" in answer.content.decode() or "2글자" in answer.content.decode()


def test_filters_and_orders(client: Client) -> None:
    make.service(name="싼 것", price_won=100, category=Category.CARE)
    make.service(name="비싼 것", price_won=900)
    assert names(client, "category=care") == ["싼 것"]
    assert names(client, "highest=500") == ["싼 것"]
    assert names(client, "order=dearest") == ["비싼 것", "싼 것"]
    assert names(client, "order=cheapest") == ["싼 것", "비싼 것"]


def test_a_registered_service_is_not_public_and_a_suspended_one_says_why(client: Client) -> None:
    hidden = make.service(on_sale=False)
    stopped = make.service()
    make.suspended(stopped)
    assert names(client, "") == [stopped.name]
    assert client.get(f"/vouchers/services/{hidden.code}/").status_code == 404
    page = client.get(f"/vouchers/services/{stopped.code}/").content.decode()
    assert "판매가 중지된 서비스입니다" in page
    assert "시정하지 않음" in page


def test_a_supplier_sees_its_own_registered_service(client: Client) -> None:
    hidden = make.service(on_sale=False)
    worker = make.person()
    hidden.supplier.members.create(user=worker, since=NOW)
    client.force_login(worker)
    assert client.get(f"/vouchers/services/{hidden.code}/").status_code == 200


def test_the_list_pages_without_counting(client: Client, django_assert_num_queries) -> None:
    owner = make.supplier()
    for _ in range(21):
        make.service(supplier=owner)
    with django_assert_num_queries(3):  # services, quoted figures, panels
        first = client.get("/vouchers/")
    assert len(first.context["rows"]) == 20
    assert first.context["next"] == "?page=2"
    assert len(client.get("/vouchers/?page=2").context["rows"]) == 1
    assert client.get("/vouchers/?page=99999").status_code == 200


def test_services_are_compared_side_by_side(client: Client) -> None:
    one, two = make.service(name="하나 회의"), make.service(name="두리 회의")
    page = client.get(f"/vouchers/compare/?s={one.code}&s={two.code}&s=nothing")
    assert [row.name for row in page.context["services"]] == ["하나 회의", "두리 회의"]
    assert client.get(f"/vouchers/compare/?s={one.code}").status_code == 302


def test_quoted_figures_are_shown_as_quoted(client: Client) -> None:
    make.service()
    QuotedFigure.objects.create(
        code="planned", label="예정 상품 수", value=1757, unit="개", as_of=NOW.date(), note="인용"
    )
    page = client.get("/vouchers/").content.decode()
    assert "1,757" in page
    assert "발표된 그대로 옮긴 수치" in page
    assert Service.objects.count() == 1


def test_the_api_searches_as_the_page_does(client: Client) -> None:
    make.service(name="가온 화상회의")
    hidden = make.service(name="숨은 화상회의", on_sale=False)
    listed = client.get("/api/v1/vouchers/services/?q=화상회의").json()["results"]
    assert [row["name"] for row in listed] == ["가온 화상회의"]
    assert (
        client.get(f"/api/v1/vouchers/services/{listed[0]['code']}/").json()["state"] == "on_sale"
    )
    assert client.get(f"/api/v1/vouchers/services/{hidden.code}/").status_code == 404
    for faulty in ("q=가", "category=x", "state=registered", "highest_won=-1", "sort=x"):
        assert client.get(f"/api/v1/vouchers/services/?{faulty}").status_code == 400, faulty
