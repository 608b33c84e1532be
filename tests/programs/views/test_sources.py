"""The page of sources: every entry has its place, and figures elsewhere link to it."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from programs.models import ProgramRound
from programs.queries import sources as sources_queries
from programs.templatetags.programs import origin

ENTRIES = [
    *(row for article in sources_queries.sources()["articles"] for row in article["facts"]),
    *sources_queries.sources()["assumptions"],
    *sources_queries.sources()["publications"],
]


@pytest.fixture
def page(client: Client, db: None) -> str:
    response = client.get("/sources/")
    assert response.status_code == 200
    return response.content.decode()


def test_every_entry_has_an_anchor_and_its_text(page: str) -> None:
    ids = re.findall(r'<tr id="(\w+)">', page)
    assert ids == [row["id"] for row in ENTRIES]
    for row in ENTRIES:
        assert row["text"] in page


def test_each_article_tells_title_publisher_and_date_or_that_they_are_not_known(page: str) -> None:
    for article in sources_queries.sources()["articles"]:
        assert article["topic"] in page
        for name in ("title", "publisher", "published"):
            assert (article[name] or "원문에 적혀 있지 않음") in page


def test_it_says_what_a_line_of_the_source_is(page: str) -> None:
    assert "보도 기사 세 건을 이어 놓은 글의 줄 번호" in page
    assert "출처와 가정" in page


def test_links_within_the_page_lead_to_a_place(page: str) -> None:
    targets = re.findall(r'href="#(\w+)"', page)
    assert {"S7", "public", "assumptions"} <= set(targets)
    for target in targets:
        assert f'id="{target}"' in page, target


def test_the_page_costs_no_query(client: Client, db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        client.get("/sources/")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("source S12", '<a href="/sources/#S12">원문 12행</a>'),
        (
            "source S3 S11",
            '<a href="/sources/#S3">원문 3행</a>, <a href="/sources/#S11">원문 11행</a>',
        ),
        ("public", '<a href="/sources/#public">공개 자료</a>'),
        ("assumption", '<a href="/sources/#assumptions">운영 기준</a>'),
        ("2021년 현장 조사", "2021년 현장 조사"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_origin_links_to_its_entry(value: str | None, shown: str) -> None:
    assert origin(value) == shown


def test_origins_of_a_programme_lead_to_entries_of_the_page(
    client: Client, page: str, round_2021: ProgramRound
) -> None:
    programme = client.get(reverse("program_detail", args=["2021-1", "robot"])).content.decode()
    targets = set(re.findall(r'href="/sources/#(\w+)"', programme))
    assert {"S3", "S11", "S12", "assumptions"} <= targets
    for target in targets:
        assert f'id="{target}"' in page, target
    assert "&lt;a href" not in programme


def test_the_foot_of_every_page_links_to_it(client: Client, db: None) -> None:
    assert '<a href="/sources/">출처와 가정</a>' in client.get("/programs/").content.decode()
