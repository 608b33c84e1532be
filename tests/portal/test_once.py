"""A form that is sent twice gets the answer to its first sending."""

import threading

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Company, Member
from portal.models import IdempotentCall, User
from portal.web import once
from tests.factories.applications import MemberFactory, UserFactory
from tests.patience import PATIENCE

GOOD = {"business_number": "124-81-00998", "name": "한빛정밀", "kind": "company"}
URL = "/companies/new/"


def opened(user: User, url: str = URL) -> tuple[Client, dict[str, str]]:
    """A browser with the page open, and the hidden token of that page."""
    client = Client()
    client.force_login(user)
    return client, {"csrfmiddlewaretoken": str(client.get(url).context["csrf_token"])}


@pytest.mark.django_db
def test_the_second_press_of_a_page_gets_the_first_answer() -> None:
    client, token = opened(UserFactory())
    first, second = (client.post(URL, GOOD | token) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    said = [[str(row) for row in get_messages(answer.wsgi_request)] for answer in (first, second)]
    assert said[0][-1:] == said[1][-1:] == ["한빛정밀 기업을 등록했습니다."]
    assert Company.objects.count() == Member.objects.count() == 1


@pytest.mark.django_db
def test_other_content_and_another_page_are_presses_of_their_own() -> None:
    owner = MemberFactory()
    url = f"/companies/{owner.company.pk}/"
    client, token = opened(owner.user, url)
    site = {"act": "site", "site-name": "제2공장"}
    assert client.post(url, site | token).status_code == 302
    assert client.post(url, {**site, "site-name": "제3공장"} | token).status_code == 302
    assert owner.company.sites.filter(name__in=["제2공장", "제3공장"]).count() == 2
    _, fresh = opened(owner.user, url)
    assert client.post(url, site | fresh).status_code == 400  # the name is taken


@pytest.mark.django_db
def test_a_refusal_is_judged_anew() -> None:
    client, token = opened(UserFactory())
    taken = Company.objects.create(business_number="1248100998", name="먼저")
    assert client.post(URL, GOOD | token).status_code == 400
    taken.delete()
    assert client.post(URL, GOOD | token).status_code == 302
    assert IdempotentCall.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "statements"), [(GOOD, ["INSERT", "UPDATE"]), ({}, ["INSERT", "DELETE"])]
)
def test_a_press_is_written_by_two_statements_and_no_transaction(sent, statements) -> None:
    client, token = opened(UserFactory())
    with CaptureQueriesContext(connection) as queries:
        client.post(URL, sent | token)
    sql = [query["sql"] for query in queries]
    assert [text.split()[0] for text in sql if "idempotentcall" in text] == statements
    first = next(i for i, text in enumerate(sql) if "idempotentcall" in text)
    assert not sql[first - 1].startswith(("SAVEPOINT", "BEGIN"))
    assert not sql[-1].startswith(("RELEASE", "COMMIT"))


@pytest.mark.django_db
def test_a_press_that_never_ends_is_said(monkeypatch) -> None:
    monkeypatch.setattr(once, "WAIT_SECONDS", 0.2)
    client, token = opened(UserFactory())
    client.post(URL, GOOD | token)
    IdempotentCall.objects.update(status=once.UNDER_WAY)
    answer = client.post(URL, GOOD | token)
    assert 'data-code="under_way"' in answer.content.decode()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False])
def test_two_presses_at_once_register_one_firm(same: bool) -> None:
    user = UserFactory()
    browsers = [opened(user), opened(user)]
    if same:
        browsers = [browsers[0], (Client(), browsers[0][1])]
        browsers[1][0].force_login(user)
    barrier, answers = threading.Barrier(2), []

    def press(client: Client, token: dict[str, str]) -> None:
        try:
            barrier.wait(timeout=PATIENCE)
            answers.append(client.post(URL, GOOD | token).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=row) for row in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    # Two pages are two presses: of these the number of the firm lets one through, and the other reads
    # that the firm is there already, or why not.
    assert answers.count(302) == 2 if same else 302 in answers
    assert Company.objects.count() == 1
