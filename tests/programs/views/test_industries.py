"""The search that the script of the field asks, and a self-check that depends on the industry."""

import pytest
from django.test import Client
from django.urls import reverse

from programs.models import SubProgram
from tests.factories import programs

pytestmark = pytest.mark.django_db
ASKED = reverse("self_check", args=("2021-1", "robot"))


def test_the_script_gets_labels_and_where_they_moved(client: Client) -> None:
    answer = client.get("/industries/", {"q": "축전지"}).json()
    assert answer["more"] is False
    row = next(row for row in answer["rows"] if row["code"] == "28202")
    assert row == {
        "code": "28202",
        "label": "28202 축전지 제조업",
        "note": "11차 개정에서는 28202·28209",
    }


@pytest.mark.parametrize("typed", ["", " ", "없는말", "<script>", "9" * 5_000, "가" * 5_000])
def test_any_words_get_an_answer(client: Client, typed: str) -> None:
    assert client.get("/industries/", {"q": typed}).json() == {"rows": [], "more": False}
    assert client.get("/industries/").status_code == 200


@pytest.fixture
def asked() -> None:
    """A programme that only takes two industries."""
    programs.load()
    row = SubProgram.objects.get(round__code="2021-1", code="robot")
    condition = {
        "code": "industry", "kind": "one_of", "fact": "industry_code", "values": ["25924", "29280"],
        "message": "절삭가공이나 로봇을 만드는 기업만 신청할 수 있습니다.", "label": "업종",
        "origin": "assumption",
    }  # fmt: skip
    row.conditions = [condition]
    row.partner_roles = []
    row.save()


def check(client: Client, **sent: str) -> str:
    return client.post(ASKED, {"track": "cobot", **sent}).content.decode()


def test_an_industry_that_is_not_known_is_neither_yes_nor_no(client: Client, asked: None) -> None:
    for sent in ({}, {"industry_code-unknown": "1"}, {"industry_code": " "}):
        page = check(client, **sent)
        assert "아직 알 수 없습니다" in page
        assert "확인 필요" in page
        assert "업종에 따라 정해집니다" in page
    assert "신청할 수 있습니다" in check(client, industry_code="29280 산업용 로봇 제조업")
    assert "지금은 신청할 수 없습니다" in check(client, industry_code="10301")


def test_words_are_searched_in_the_form_itself(client: Client, asked: None) -> None:
    page = check(client, industry_code="로봇", **{"industry_code-find": "1"})
    assert 'name="industry_code-pick"' in page
    assert "29280 산업용 로봇 제조업" in page
    assert 'value="로봇"' in page
    assert "입력한 내용을 확인해 주세요" not in page
    page = check(client, industry_code="로봇", **{"industry_code-pick": "29280"})
    assert "신청할 수 있습니다" in page
    page = check(client, industry_code="로봇")
    assert "찾은 업종 가운데 하나를 고르거나 ‘모르겠어요’를 고르세요." in page
    assert 'name="industry_code-pick"' in page


def test_a_form_shows_the_industry_it_was_sent(client: Client, asked: None) -> None:
    assert 'value="29280 산업용 로봇 제조업"' in check(client, industry_code="C29.280")
