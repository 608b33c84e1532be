"""The public pages: they answer strangers, say what counts, and cost the same however much grows."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from programs.models import Budget, ProgramRound, SubProgram
from programs.services import ledger
from tests.factories.programs import NOW, program

pytestmark = pytest.mark.django_db
SEVEN = ["build", "robot", "meister", "aftercare", "capability", "cloud", "level-check"]


@pytest.fixture
def open_round(round_2021: ProgramRound) -> ProgramRound:
    """The 2021 round with an intake around the present moment."""
    at = timezone.now()
    ProgramRound.objects.update(opens_at=at - timedelta(days=20), closes_at=at + timedelta(days=14))
    return round_2021


def read(client: Client, name: str, *args: str, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def count(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(path).status_code == 200
    return len(caught)


def test_home_shows_the_seven_with_money_and_time_left(
    client: Client, open_round: ProgramRound
) -> None:
    page = read(client, "home")
    for row in SubProgram.objects.all():
        assert row.name in page
    assert "4,376억원" in page
    assert page.count("마감까지 14일") >= 6
    assert "예산 소진 시까지" in page


def test_home_shows_the_national_plan_as_a_picture_and_as_a_table(
    client: Client, open_round: ProgramRound
) -> None:
    page = read(client, "home")
    for figure in ("30,000개", "19,799개", "17,800개", "6,000개 이상", "85억원"):
        assert figure in page
    assert 'width="659"' in page  # 19,799 of 30,000, in thousandths
    assert 'x="659" y="0" width="200"' in page  # 6,000 more stand on top of them


def test_home_shows_when_nothing_is_announced(client: Client, open_round: ProgramRound) -> None:
    ProgramRound.objects.update(announced=False)
    assert "지금 공고된 사업이 없습니다" in read(client, "home")
    assert "지금 공고된 사업이 없습니다" in read(client, "program_list")


def test_a_closed_round_shows_closed_and_offers_no_application(
    client: Client, round_2021: ProgramRound
) -> None:
    page = read(client, "program_detail", "2021-1", "robot")
    assert "접수 마감" in page
    assert "2021. 2. 25. 18:00:00 KST" in page
    assert "신청하기" not in page


def test_an_open_programme_offers_check_preview_and_application(
    client: Client, open_round: ProgramRound
) -> None:
    page = read(client, "program_detail", "2021-1", "robot")
    assert reverse("self_check", args=["2021-1", "robot"]) in page
    assert reverse("preview", args=["2021-1", "robot"]) in page
    assert reverse("application_new", args=["2021-1", "robot"]) in page


@pytest.mark.parametrize("code", SEVEN)
def test_every_programme_shows_tracks_conditions_documents_criteria_and_steps(
    client: Client, open_round: ProgramRound, code: str
) -> None:
    page, row = read(client, "program_detail", "2021-1", code), program(code)
    for track in row.tracks.all():
        assert track.name in page
    for condition in row.conditions:
        assert condition["message"] in page
    for part in (*row.documents.all(), *row.criteria.all(), *row.bonus_items.all()):
        assert part.label in page
    for step in row.steps:
        assert step["label"] in page


def test_figures_stand_with_their_origin(client: Client, open_round: ProgramRound) -> None:
    page = read(client, "program_detail", "2021-1", "robot")
    assert "최대 3억원" in page
    assert "원문 12행" in page
    assert "운영 기준" in page
    build = read(client, "program_detail", "2021-1", "build")
    assert "전년도 1억 5,000만원" in build
    assert "공개 자료" in build
    assert "한도 미정" in build


def test_restrictions_of_documents_are_described(client: Client, open_round: ProgramRound) -> None:
    page = read(client, "program_detail", "2021-1", "build")
    assert "해당하는 경우만: 마스크, 손소독제" in page


@pytest.mark.parametrize(
    ("reader", "inside", "outside"),
    [
        ({"company_size": "mid"}, ["build", "meister"], ["aftercare", "capability"]),
        ({"company_size": "small"}, SEVEN, []),
        (
            {"company_kind": "association", "company_size": "none"},
            ["cloud"],
            ["build", "level-check"],
        ),
    ],
)
def test_the_list_omits_what_is_not_for_the_reader_and_explains_why(
    client: Client, open_round: ProgramRound, reader: dict, inside: list, outside: list
) -> None:
    page = read(client, "program_list", **reader)
    fitting, _, others = page.partition("신청 요건에 맞지 않는 사업")
    for code in inside:
        assert program(code).name in fitting
    for code in outside:
        assert program(code).name in others
        assert program(code).name not in fitting


def test_the_list_survives_nonsense_in_its_address(
    client: Client, open_round: ProgramRound
) -> None:
    page = read(client, "program_list", company_size="giant", round="2099-9")
    assert "전체 7가지" in page


@pytest.mark.parametrize("name", ["program_detail", "self_check", "preview"])
@pytest.mark.parametrize("args", [("2021-1", "nothing"), ("2099-1", "build")])
def test_what_does_not_exist_is_a_404_page(
    client: Client, open_round: ProgramRound, name: str, args: tuple
) -> None:
    assert client.get(reverse(name, args=args)).status_code == 404


def test_a_round_not_announced_is_hidden(client: Client, open_round: ProgramRound) -> None:
    ProgramRound.objects.update(announced=False)
    assert client.get(reverse("program_detail", args=["2021-1", "build"])).status_code == 404
    assert "구축 및 고도화" not in read(client, "home")
    assert "구축 및 고도화" not in read(client, "budget")


CLEAN = dict.fromkeys(
    [
        "closed_business",
        "tax_arrears",
        "credit_default",
        "insolvency",
        "banned",
        "unsettled",
        "duplicate_support",
        "excluded_industry",
    ],
    "false",
)


def check(client: Client, code: str, **answers: str) -> str:
    response = client.post(reverse("self_check", args=["2021-1", code]), answers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_self_check_gives_every_reason_at_once(
    client: Client, open_round: ProgramRound
) -> None:
    answers = {"company_kind": "company", "company_size": "medium", "built_on": "2100-01-01"}
    page = check(client, "aftercare", track="emergency", **answers, **CLEAN)
    assert "지금은 신청할 수 없습니다" in page
    assert "소기업만 신청할 수 있습니다." in page
    assert "1년이 지나야 합니다." in page


def test_the_self_check_accepts_a_fitting_firm(client: Client, open_round: ProgramRound) -> None:
    answers = {"company_kind": "company", "company_size": "small", "built_on": "2015-01-01"}
    page = check(client, "aftercare", track="emergency", **answers, **CLEAN)
    assert "신청할 수 있습니다" in page
    assert "지금은 신청할 수 없습니다" not in page


def test_the_self_check_names_what_is_still_open(client: Client, open_round: ProgramRound) -> None:
    page = check(client, "aftercare", track="emergency", company_size="small")
    assert "아직 알 수 없습니다" in page
    assert "답하지 않은 질문 10개" in page
    assert '#id_built_on">스마트공장 구축 완료일</a>' in page
    assert '<li><a href="#id_tax_arrears_0">국세 또는 지방세를 체납하고 있습니까?</a></li>' in page


@pytest.mark.parametrize("fact", CLEAN)
def test_no_exclusion_that_is_answered_yes_is_good_news(
    client: Client, open_round: ProgramRound, fact: str
) -> None:
    answers = {"company_kind": "company", "company_size": "small", "built_on": "2015-01-01"}
    page = check(client, "aftercare", track="emergency", **{**answers, **CLEAN, fact: "true"})
    title = "풀어야 할 사유" if fact in ("tax_arrears", "credit_default") else "지금은 신청할 수 없"
    assert f"{title}" in page
    assert "callout--success" not in page


def test_a_blank_self_check_is_no_good_news(client: Client, open_round: ProgramRound) -> None:
    page = check(client, "aftercare", track="emergency")
    assert "아직 알 수 없습니다" in page
    assert "callout--success" not in page


def test_the_self_check_explains_unreadable_answers_and_keeps_the_others(
    client: Client, open_round: ProgramRound
) -> None:
    page = check(client, "aftercare", track="emergency", built_on="어제", company_size="small")
    assert "error-summary" in page
    assert re.search(r'<option value="small" selected', page)


def test_the_self_check_asks_for_the_track_in_its_address(
    client: Client, open_round: ProgramRound
) -> None:
    upgrade = read(client, "self_check", "2021-1", "build", track="upgrade1")
    cluster = read(client, "self_check", "2021-1", "build", track="digital-cluster")
    assert "목표 스마트화 수준" in upgrade
    assert "목표 스마트화 수준" not in cluster
    assert "연결할 공장의 수" in cluster
    assert read(client, "self_check", "2021-1", "build", track="nonsense")


def test_the_preview_shows_each_line(client: Client, open_round: ProgramRound) -> None:
    page = read(client, "preview", "2021-1", "robot", track="cobot", total_cost_won="900,000,000원")
    for words in ("300,000,000원", "600,000,000원", "지원 한도는 300,000,000원입니다."):
        assert words in page


@pytest.mark.parametrize("amount", ["abc", "-1", "1.5", "9" * 30])
def test_the_preview_refuses_odd_amounts_with_a_message(
    client: Client, open_round: ProgramRound, amount: str
) -> None:
    page = read(client, "preview", "2021-1", "robot", track="cobot", total_cost_won=amount)
    assert "error-summary" in page
    assert "계산 과정" not in page


def test_the_preview_asks_no_cost_where_none_counts(
    client: Client, open_round: ProgramRound
) -> None:
    page = read(client, "preview", "2021-1", "level-check", track="self-built")
    assert "800,000원" in page
    assert 'name="total_cost_won"' not in page


def test_unknown_sums_are_shown_as_unknown(client: Client, open_round: ProgramRound) -> None:
    page = read(client, "preview", "2021-1", "meister", track="dispatch")
    assert "8,750,000원" in page
    assert "미정" in page


def test_the_money_page_shows_counters_beside_the_sums_of_the_entries(
    client: Client, open_round: ProgramRound
) -> None:
    pot = Budget.objects.get(code="2021/robot")
    ledger.reserve(
        pot,
        ledger.Booking(amount=250_000_000, reference="r:1", subject="application:77"),
        by=None,
        now=NOW,
    )
    page = read(client, "budget")
    assert "17,850,000,000" in page
    assert page.count("일치") >= 8
    assert "불일치" not in page
    # The movement itself would tell of a decision that is not announced: only the sums change.
    assert "선정 예약</td>" not in page


def test_the_budget_page_names_no_person(client: Client, open_round: ProgramRound) -> None:
    pot = Budget.objects.get(code="2021/robot")
    ledger.reserve(
        pot,
        ledger.Booking(amount=1, reference="award:한빛", subject="application:77", note="비밀"),
        by=None,
        now=NOW,
    )
    page = read(client, "budget")
    for secret in ("application:77", "award:", "비밀"):
        assert secret not in page


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/programs/",
        "/programs/2021-1/build/",
        "/programs/2021-1/build/self-check/",
        "/budget/",
    ],
)
def test_pages_cost_the_same_however_much_there_is(
    client: Client, open_round: ProgramRound, path: str
) -> None:
    def costs() -> tuple[int, int]:
        """Return the queries of a page after a change of the catalogue, and when it is kept."""
        caches["pages"].clear()
        ProgramRound.objects.update(total_won=0)
        return count(client, path), count(client, path)

    before = costs()
    pot = Budget.objects.get(code="2021/build")
    rows = [ledger.Booking(1_000, f"many:{n}", f"application:{n}") for n in range(200)]
    ledger.reserve_many(pot, rows, by=None, now=NOW)
    for sequence in range(2, 5):
        ProgramRound.objects.create(
            code=f"2021-{sequence}",
            year=2021,
            sequence=sequence,
            name="지난 회차",
            opens_at=NOW - timedelta(days=400),
            closes_at=NOW - timedelta(days=390),
            announced=True,
            total_won=0,
        )
    assert costs() == before
    assert before[0] <= 15
    assert before[1] <= 7


def test_the_cards_and_the_comparison_say_what_each_programme_offers(
    client: Client, open_round: ProgramRound
) -> None:
    page = client.get(reverse("program_list")).content.decode()
    assert "<strong>최대 3억원 · 총사업비의 50% · 마감 " in page
    assert f'href="{reverse("program_compare")}"' in page
    compared = client.get(reverse("program_compare"))
    text = compared.content.decode()
    for row in open_round.sub_programs.all():
        assert reverse("program_detail", args=[open_round.code, row.code]) in text
    for words in ("최대 4억원", "정액 80만원", "전문가 서비스", "소기업만 신청할 수 있습니다."):
        assert words in text
