"""Tickets: a form that came while the portal could not serve is filed with its instant, or refused."""

import dataclasses
import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from applications.models import Application, ApplicationMove, Submission, UsedTicket
from applications.states import MemberRole
from portal.core import clock, tickets
from portal.core.clock import now
from portal.core.tickets import Ticket
from portal.models import IncidentMinute
from portal.records import audit, incidents
from portal.web import host_clock, overload
from portal.web.outage import Watch
from programs.models import ProgramRound
from tests.factories.applications import ApplicationFactory, RoundFactory, member_of

pytestmark = pytest.mark.django_db
HIDDEN = re.compile(r'name="(seen|slip|csrfmiddlewaretoken)" value="([^"]+)"')
HOUR = timedelta(hours=1)
Away = Callable[[bool], None]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, settings) -> None:
    """Let no incident of another test be read into the table."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def draft() -> Application:
    """A draft with nothing missing, in an open round."""
    at = now()
    RoundFactory(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1))
    return ApplicationFactory()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Away]:
    """Switch the database off and on, as the outermost middleware sees it."""
    said = {"away": False}
    monkeypatch.setattr(Watch, "away", lambda watch: said["away"])
    return lambda is_away: said.update(away=is_away)


def browser(person) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    return client


def review(client: Client, draft: Application) -> dict[str, str]:
    """Open the review page; return what its form would send."""
    page = client.get(f"/applications/{draft.pk}/review/").content.decode()
    sent = {name: html.unescape(value) for name, value in HIDDEN.findall(page)}
    assert set(sent) == {"seen", "slip", "csrfmiddlewaretoken"}
    return {**sent, "confirmed": "on"}


def press(client: Client, draft: Application, sent: dict[str, str], **headers: str):
    """Send the form as a browser does."""
    return client.post(
        f"/applications/{draft.pk}/submit/",
        urlencode(sent),
        content_type=overload.FORM,
        headers=headers,
    )


def given(answer) -> str:
    assert answer.status_code == 202, answer.content.decode()
    [text] = re.findall(r"data-ticket>([^<]+)<", answer.content.decode())
    return html.unescape(text)


def ticketed(draft: Application, away: Away, client: Client | None = None) -> str:
    """Press submit while the database is away; return the ticket."""
    client = client or browser(draft.created_by)
    sent = review(client, draft)
    away(True)
    answer = press(client, draft, sent)
    away(False)
    return given(answer)


def redeem(client: Client, draft: Application, text: str):
    return client.get(f"/applications/{draft.pk}/ticket/", {"ticket": text})


def refused(answer) -> str:
    """Return the code of a refusal that is shown with a Korean reason."""
    page = answer.content.decode()
    assert "확인표로 접수되지 않았습니다" in page
    found = re.search(r'data-code="(\w+)">([^<]+)<', page)
    assert found
    assert re.search("[가-힣]", found[2])
    assert answer.status_code in (400, 409, 422)
    return found[1]


def nothing_filed() -> bool:
    return not Submission.objects.exists() and not UsedTicket.objects.exists()


# --- The way of an honest firm -------------------------------------------------------------------


def test_a_form_that_came_in_time_is_filed_with_its_instant_after_the_deadline(
    draft: Application, away: Away
) -> None:
    client = browser(draft.created_by)
    before = now()
    text = ticketed(draft, away, client)
    after = now()
    came_at = tickets.read(text).came_at
    assert before <= came_at <= after + timedelta(seconds=0.5)
    ProgramRound.objects.update(closes_at=came_at + timedelta(microseconds=1))
    answer = redeem(client, draft, text)
    assert answer["Location"] == f"/applications/{draft.pk}/"
    filed, used = Submission.objects.get(), UsedTicket.objects.get()
    assert filed.submitted_at == used.came_at == came_at
    assert (used.application_id, used.redeemed_by) == (draft.pk, draft.created_by)
    assert used.redeemed_at >= after
    assert used.sha256 == tickets.read(text).sha256
    assert len(used.key) == 8
    assert ApplicationMove.objects.get(move="submit").at == used.redeemed_at
    page = client.get(f"/applications/{draft.pk}/review/").content.decode()
    assert "접수 확인표로" in page


def test_a_form_that_came_at_the_deadline_or_later_is_not_filed(
    draft: Application, away: Away
) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    ProgramRound.objects.update(closes_at=tickets.read(text).came_at)
    assert refused(redeem(client, draft, text)) == "round_closed"
    assert nothing_filed()


def test_the_page_says_the_second_shows_the_ticket_and_sends_it_again_later(
    draft: Application, away: Away
) -> None:
    client, waits = browser(draft.created_by), set()
    sent = review(client, draft)
    away(True)
    for _ in range(8):
        answer = press(client, draft, sent)
        page = answer.content.decode()
        text = given(answer)
        came_at = tickets.read(text).came_at.astimezone(clock.KST)
        assert f"{came_at.year}. {came_at.month}. {came_at.day}. {came_at:%H:%M:%S}" in page
        assert "download=" in page
        seconds, _, address = answer["Refresh"].partition("; url=")
        assert address.startswith(f"/applications/{draft.pk}/ticket/?ticket=")
        assert 30 <= int(seconds) == int(answer["Retry-After"]) <= 60
        waits.add(seconds)
    assert len(waits) > 1  # spread out
    again = client.get(address)  # the database is still away: the same ticket, the same instant
    assert given(again) == text
    away(False)
    assert client.get(address).status_code == 302
    assert Submission.objects.get().submitted_at == tickets.read(text).came_at


def test_an_old_ticket_is_sent_again_more_slowly(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    slip, came_at = tickets.read(text).slip, now() - HOUR
    old = tickets.issue(slip, came_at=came_at).text
    away(True)
    assert 300 <= int(redeem(client, draft, old)["Retry-After"]) <= 600


def test_a_ticket_may_be_broken_into_lines_by_paper(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    broken = "\n ".join(text[at : at + 40] for at in range(0, len(text), 40))
    assert redeem(client, draft, broken).status_code == 302


def test_a_full_process_gives_tickets_too(
    draft: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    monkeypatch.setattr(overload.Gate, "enter", lambda gate, kind: False)
    text = given(press(client, draft, sent))
    monkeypatch.undo()
    assert redeem(client, draft, text).status_code == 302
    assert Submission.objects.get().submitted_at == tickets.read(text).came_at


def test_a_served_form_never_gets_a_ticket(draft: Application) -> None:
    client = browser(draft.created_by)
    answer = press(client, draft, review(client, draft))
    assert answer.status_code == 302
    assert nothing_filed() is False
    assert not UsedTicket.objects.exists()


# --- Attacks -------------------------------------------------------------------------------------


def test_a_used_ticket_gives_the_same_receipt(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    assert [redeem(client, draft, text)["Location"] for _ in range(3)] == [
        f"/applications/{draft.pk}/"
    ] * 3
    assert Submission.objects.count() == UsedTicket.objects.count() == 1
    assert ApplicationMove.objects.filter(move="submit").count() == 1


def test_two_tickets_of_one_page_file_once_with_the_instant_of_the_first_redeemed(
    draft: Application, away: Away
) -> None:
    client = browser(draft.created_by)
    first, second = ticketed(draft, away, client), ticketed(draft, away, client)
    redeem(client, draft, second)
    redeem(client, draft, first)
    assert Submission.objects.get().submitted_at == tickets.read(second).came_at


def test_of_a_draft_that_was_edited_nothing_is_filed(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    edit(draft)
    assert refused(redeem(client, draft, text)) == "changed_since_review"
    assert nothing_filed()


def edit(draft: Application) -> None:
    draft.company.phone = "02-555-0199"
    draft.company.save()


def test_a_colleague_cannot_use_it(draft: Application, away: Away) -> None:
    text = ticketed(draft, away)
    colleague = browser(member_of(draft.company, MemberRole.EDITOR))
    assert refused(redeem(colleague, draft, text)) == "ticket_person"
    assert nothing_filed()


def test_a_stranger_does_not_learn_that_the_application_exists(
    draft: Application, away: Away
) -> None:
    text = ticketed(draft, away)
    assert redeem(browser(ApplicationFactory().created_by), draft, text).status_code == 404
    visitor = redeem(Client(), draft, text)
    assert visitor.status_code == 302
    assert visitor["Location"].startswith("/accounts/login/")
    assert nothing_filed()


def test_it_is_of_one_application(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    text = ticketed(draft, away, client)
    other = ApplicationFactory(company=draft.company, created_by=draft.created_by)
    assert refused(redeem(client, other, text)) == "ticket_application"
    assert nothing_filed()


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_forged_one_is_not_read(draft: Application, away: Away, place: int) -> None:
    client = browser(draft.created_by)
    letters = list(ticketed(draft, away, client))
    letters[place] = "A" if letters[place] != "A" else "B"
    assert refused(redeem(client, draft, "".join(letters))) == "ticket_unreadable"
    assert nothing_filed()


@pytest.mark.parametrize("text", ["확인표", "x" * 3_000, "a:b", ":"])
def test_what_is_no_ticket_is_refused(draft: Application, text: str) -> None:
    assert refused(redeem(browser(draft.created_by), draft, text)) == "ticket_unreadable"


def test_a_slip_is_no_ticket(draft: Application) -> None:
    client = browser(draft.created_by)
    assert refused(redeem(client, draft, review(client, draft)["slip"])) == "ticket_unreadable"


def test_neither_is_signed_by_the_key_of_sessions(draft: Application, settings) -> None:
    client = browser(draft.created_by)
    slip = tickets.read_slip(review(client, draft)["slip"])
    settings.TICKET_KEY, kept = settings.SECRET_KEY, settings.TICKET_KEY
    text = tickets.issue(slip, came_at=now()).text
    settings.TICKET_KEY = kept
    assert refused(redeem(client, draft, text)) == "ticket_unreadable"


@pytest.mark.parametrize("kept", [True, False])
def test_after_the_key_is_changed_old_ones_count_while_their_key_is_kept(
    draft: Application, away: Away, settings, kept: bool
) -> None:
    client = browser(draft.created_by)
    text, old = ticketed(draft, away, client), settings.TICKET_KEY
    settings.TICKET_KEY = old[::-1]
    settings.TICKET_KEY_FALLBACKS = [old] if kept else []
    answer = redeem(client, draft, text)
    if kept:
        assert answer.status_code == 302
        assert (
            UsedTicket.objects.get().key
            != tickets.issue(tickets.read(text).slip, came_at=now()).key
        )
    else:
        assert refused(answer) == "ticket_unreadable"
        assert nothing_filed()


def test_without_a_key_there_is_neither_slip_nor_ticket(
    draft: Application, away: Away, settings
) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    settings.TICKET_KEY = ""
    assert 'name="slip"' not in client.get(f"/applications/{draft.pk}/review/").content.decode()
    away(True)
    assert press(client, draft, sent).status_code == 503


def changed(text: str, **fields: object) -> str:
    """A slip of ours with other facts, as the key's holder could sign it."""
    slip = tickets.read_slip(text)
    assert slip is not None
    return tickets.sign(dataclasses.replace(slip, **fields))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sent: sent.update(slip=sent["slip"][:-1]),
        lambda sent: sent.update(slip=""),
        lambda sent: sent.pop("confirmed"),
        lambda sent: sent.update(csrfmiddlewaretoken="x" * 64),
        lambda sent: sent.pop("csrfmiddlewaretoken"),
        lambda sent: sent.update(slip=changed(sent["slip"], person=0)),
        lambda sent: sent.update(slip=changed(sent["slip"], path="/applications/0/submit/")),
        lambda sent: sent.update(slip=changed(sent["slip"], shown_at=now() - 13 * HOUR)),
        lambda sent: sent.update(padding="x" * 250_000),
    ],
    ids=[
        "cut",
        "none",
        "unconfirmed",
        "other csrf token",
        "no csrf token",
        "other person",
        "other application",
        "old page",
        "too large",
    ],
)
def test_no_ticket_for(draft: Application, away: Away, spoil) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    spoil(sent)
    away(True)
    answer = press(client, draft, sent)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "data-ticket" not in answer.content.decode()
    assert "처리되지 않았을 수 있습니다" in answer.content.decode()


def test_a_page_that_another_person_opened_gets_none(draft: Application, away: Away) -> None:
    """The slip is of the owner's page; the browser that sends it is that of a colleague."""
    sent = review(browser(draft.created_by), draft)
    colleague = browser(member_of(draft.company, MemberRole.EDITOR))
    own = review(colleague, draft)
    away(True)
    assert press(colleague, draft, own | {"slip": sent["slip"]}).status_code == 503
    assert press(colleague, draft, own).status_code == 202


def test_a_browser_in_which_nobody_signed_in_gets_none(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    del client.cookies["author"]
    away(True)
    assert press(client, draft, sent).status_code == 503


def test_what_the_form_claims_about_its_time_is_not_read(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    earlier = (now() - HOUR).isoformat()
    away(True)
    claims = {"came_at": earlier, "ticket": "x", "shown_at": earlier}
    answer = press(client, draft, sent | claims, **{"Date": earlier, "X-Request-Start": "t=1"})
    assert now() - tickets.read(given(answer)).came_at < timedelta(minutes=1)


# --- The clock -----------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", [timedelta(seconds=1.5), timedelta(seconds=-1.5), -HOUR, HOUR])
def test_a_host_whose_clock_was_moved_gives_none_and_says_so(
    draft: Application, away: Away, monkeypatch: pytest.MonkeyPatch, moved: timedelta
) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    away(True)
    host = SimpleNamespace(now=lambda: timezone.now() + moved)
    monkeypatch.setattr(host_clock, "timezone", host)
    assert press(client, draft, sent).status_code == 503
    assert client.get("/readyz/").json()["tickets"] is False
    monkeypatch.undo()
    assert host_clock.gives_tickets()


def test_moving_the_clock_by_less_does_not_move_the_ticket(
    draft: Application, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(draft.created_by)
    sent = review(client, draft)
    host = SimpleNamespace(now=lambda: timezone.now() - timedelta(seconds=0.9))
    monkeypatch.setattr(host_clock, "timezone", host)
    away(True)
    before = timezone.now()
    came_at = tickets.read(given(press(client, draft, sent))).came_at
    assert before - timedelta(seconds=0.1) <= came_at <= timezone.now() + timedelta(seconds=0.1)


@pytest.mark.parametrize("elapsed", [-5.0, 3 * 3600.0], ids=["of another boot", "too old"])
def test_a_reading_that_is_not_of_late_is_not_used(
    monkeypatch: pytest.MonkeyPatch, elapsed: float
) -> None:
    now()
    assert host_clock.gives_tickets()
    last = clock.last_reading()
    old = clock.Reading(last.then(last.moment - elapsed), last.moment - elapsed)
    monkeypatch.setattr(clock, "_last", old)
    assert not host_clock.gives_tickets()


def test_a_process_that_starts_during_an_outage_knows_the_time_of_its_host(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    now()
    monkeypatch.setattr(host_clock, "_shared", 0.0)
    host_clock.share()
    monkeypatch.setattr(clock, "_last", None)
    assert host_clock.gives_tickets()
    for path in (tmp_path / "clock").iterdir():
        path.write_text("nonsense")
    assert not host_clock.gives_tickets()


# --- How long they are honoured ------------------------------------------------------------------


def trouble(minutes: list[int], since: datetime, kind: str = incidents.UNAVAILABLE) -> None:
    """Record minutes of trouble, counted from an instant."""
    for minute in minutes:
        IncidentMinute.objects.create(
            scope="portal",
            minute=since.replace(second=0, microsecond=0) + timedelta(minutes=minute),
            kind=kind,
            source=f"test-{kind}",
            count=1,
        )


@pytest.mark.parametrize(
    ("age", "minutes", "counts"),
    [
        (119, [], True),
        (125, [], False),
        (125, [10], True),  # two hours after the last minute of trouble
        (125, [-30], False),  # trouble before it
        (131, [8], False),
        (300, [60, 175, 260], True),  # it came back each time within two hours
        (300, [60, 250], False),  # a gap of more than two hours
    ],
)
def test_a_ticket_counts_for_two_hours_after_the_trouble(
    draft: Application, away: Away, age: int, minutes: list[int], counts: bool
) -> None:
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    came_at = now() - timedelta(minutes=age)
    trouble(minutes, came_at)
    answer = redeem(client, draft, tickets.issue(slip, came_at=came_at).text)
    if counts:
        assert answer.status_code == 302
    else:
        assert refused(answer) == "ticket_expired"
        assert nothing_filed()


def test_visitors_who_were_sent_away_do_not_keep_it_alive(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    came_at = now() - timedelta(minutes=125)
    trouble([10], came_at, incidents.SHED)
    answer = redeem(client, draft, tickets.issue(slip, came_at=came_at).text)
    assert refused(answer) == "ticket_expired"


def test_the_hours_are_those_of_the_round(draft: Application, away: Away) -> None:
    ProgramRound.objects.update(ticket_hours=5)
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    assert slip.hours == 5
    old = tickets.issue(slip, came_at=now() - 4 * HOUR)
    assert redeem(client, draft, old.text).status_code == 302


def test_trouble_that_was_not_yet_stored_counts(
    draft: Application, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    counter = incidents.Counter()
    counter.note("portal", incidents.UNAVAILABLE, now() - 2 * HOUR)
    monkeypatch.setattr(incidents, "_counter", counter)
    old = tickets.issue(slip, came_at=now() - 3 * HOUR)
    assert redeem(client, draft, old.text).status_code == 302


def test_a_ticket_of_the_future_is_refused(draft: Application, away: Away) -> None:
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    early: Ticket = tickets.issue(slip, came_at=now() + HOUR)
    assert refused(redeem(client, draft, early.text)) == "ticket_early"


# --- What is recorded ----------------------------------------------------------------------------


def test_the_trouble_record_counts_tickets_of_the_programme_and_answers_of_the_portal(
    draft: Application, away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[str, str]] = []
    client = browser(draft.created_by)
    sent = review(client, draft)
    monkeypatch.setattr(incidents, "record", lambda *what: noted.append(what))
    away(True)
    answer = press(client, draft, sent)
    client.get(answer["Refresh"].partition("url=")[2])
    client.get("/")
    about = f"application:{draft.pk}"
    assert noted == [(about, "ticket"), (about, "unavailable"), ("portal", "unavailable")]


def test_a_filing_by_ticket_is_sealed_though_it_was_written_later(
    draft: Application, away: Away
) -> None:
    """The seals of an hour have gone over its instant."""
    client = browser(draft.created_by)
    slip = tickets.read(ticketed(draft, away, client)).slip
    audit.seal(now=now())
    redeem(client, draft, tickets.issue(slip, came_at=now() - HOUR).text)
    assert audit.verify(now=now()).faults == 0
    audit.seal(now=now())
    report = audit.verify(now=now())
    assert (report.faults, report.unsealed_count) == (0, 0), report.findings
