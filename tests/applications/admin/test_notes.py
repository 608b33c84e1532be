"""The tab of memos: written in place, corrected by a line, flags with their day, closed to the tied."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, Member, StaffFlag, StaffNote
from applications.services import flags, notes
from applications.states import FlagLabel, MemberRole
from portal.access.impartiality import TIED
from portal.core.clock import now
from portal.core.dates import korean_day
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_application_changelist")


def act(thing, name: str) -> str:
    return reverse(f"admin:applications_{thing._meta.model_name}_act", args=[thing.pk, name])


def tab(application: Application) -> str:
    page = reverse("admin:applications_application_change", args=[application.pk])
    return f"{page}?tab=notes"


@pytest.fixture
def application(program) -> Application:
    return staff.filed(program)


def test_a_memo_and_a_call_are_written_on_the_tab_and_lead_back_to_it(
    desk, officer, application
) -> None:
    client = desk(officer)
    shown = client.get(tab(application)).content.decode()
    for name in ("note", "call"):
        assert f'action="{act(application, name)}?tab=notes"' in shown
    client.post(act(application, "note"), {"text": "대표와 통화할 것"})
    answer = client.post(
        f"{act(application, 'call')}?tab=notes",
        {
            "direction": "in",
            "counterpart": "김대표",
            "happened_at": now().strftime("%Y-%m-%dT00:00"),
            "text": "내일 보냄",
        },
        follow=True,
    )
    assert answer.redirect_chain[-1][0].endswith("?tab=notes")
    page = answer.content.decode()
    assert "대표와 통화할 것" in page
    assert "받은 전화 · 김대표" in page


def test_a_refused_call_keeps_what_was_typed(desk, officer, application) -> None:
    answer = desk(officer).post(
        act(application, "call"), {"direction": "in", "counterpart": "", "text": "내일 보냄"}
    )
    assert answer.status_code == 200
    assert "내일 보냄" in answer.content.decode()
    assert not StaffNote.objects.exists()


def test_a_correction_names_the_old_line_which_stays_and_offers_no_second(
    desk, officer, application
) -> None:
    first = notes.write(application, text="틀린 말", by=officer, now=NOW)
    client = desk(officer)
    assert "먼저 적은 내용" in client.get(act(first, "correct")).content.decode()
    client.post(act(first, "correct"), {"text": "맞는 말"})
    second = StaffNote.objects.get(corrects=first)
    page = client.get(tab(application)).content.decode()
    assert "틀린 말" in page
    assert "맞는 말" in page
    assert f'href="#note-{second.pk}"' in page
    assert act(first, "correct") not in page
    assert act(second, "correct") in page


def test_a_flag_is_set_found_by_kind_and_day_and_cleared(
    desk, program, officer, application
) -> None:
    client, other = desk(officer), staff.filed(program)
    today = korean_day(now())
    client.post(
        act(application, "flag"),
        {"label": "visit", "due_on": today.isoformat(), "who": officer.pk, "note": "공장"},
    )
    flag = StaffFlag.objects.get()
    flags.set_flag(
        other,
        label=FlagLabel.LEGAL,
        due_on=NOW.date(),
        who=staff.officer(program),
        by=officer,
        now=NOW,
    )

    def numbers(value: str) -> set[str]:
        answer = client.get(LIST, {"flag": value})
        return {row.number for row in answer.context["cl"].result_list}

    both = {application.number, other.number}
    assert [numbers(value) for value in ("visit", "mine", "any", "overdue", "x")] == [
        {application.number},
        {application.number},
        both,
        {other.number},
        set(),
    ]
    assert "현장 확인" in client.get(LIST).content.decode()
    client.post(act(flag, "clear"), {"outcome": ""})
    client.post(act(flag, "clear"), {"outcome": "다녀옴"})
    assert "다녀옴" in client.get(tab(application)).content.decode()
    assert numbers("any") == {other.number}


def test_who_is_tied_reads_no_note_and_an_auditor_reads_and_writes_none(
    desk, program, officer, application
) -> None:
    note = notes.write(application, text="비밀 이야기", by=officer, now=NOW)
    flag = flags.set_flag(
        application, label=FlagLabel.LEGAL, due_on=NOW.date(), who=officer, note="소송 중",
        by=officer, now=NOW,
    )  # fmt: skip
    tied = staff.officer(program)
    Member.objects.create(company=application.company, user=tied, role=MemberRole.VIEWER, since=NOW)
    page = desk(tied).get(tab(application)).content.decode()
    assert TIED in page
    assert "비밀 이야기" not in page
    assert "소송 중" not in page
    for row in (note, flag):
        own = reverse(f"admin:applications_{row._meta.model_name}_change", args=[row.pk])
        assert desk(tied).get(own).status_code == 404
        assert desk(officer).get(own).status_code == 200
    auditor = desk(staff.auditor())
    page = auditor.get(tab(application)).content.decode()
    assert "비밀 이야기" in page
    assert "소송 중" in page
    assert act(application, "note") not in auditor.get(tab(application)).content.decode()
    auditor.post(act(application, "note"), {"text": "감사"})
    assert StaffNote.objects.count() == 1


def test_tab_and_list_ask_as_often_for_many_lines_as_for_few(
    desk, program, officer, application
) -> None:
    client, counts = desk(officer), []
    day = (NOW + timedelta(days=1)).date()
    for more in (2, 15):
        for place in range(more):
            first = notes.write(application, text=f"{place}", by=officer, now=NOW)
            notes.correct(first, text="바로", by=officer, now=NOW)
            flags.set_flag(
                staff.filed(program),
                label=FlagLabel.VISIT,
                due_on=day,
                who=officer,
                by=officer,
                now=NOW,
            )
        for address in (tab(application), LIST):
            client.get(address)
            with CaptureQueriesContext(connection) as caught:
                client.get(address)
            counts.append(len(caught))
    assert counts[:2] == counts[2:]
