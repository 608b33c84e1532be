"""A tie is lifted on staff pages: proposed at the tie, approved by somebody else."""

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import ScoreSheet, TieLift
from applications.services.assessment import sheets
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *args) -> str:
    return client.get(reverse(f"admin:applications_{name}", args=args)).content.decode()


def press(client: Client, model: str, pk: int, act: str, **data):
    url = reverse(f"admin:applications_{model}_act", args=[pk, act])
    token = client.get(url).context["seen"]
    return client.post(url, {"seen": token, **data}, follow=True)


def test_two_people_lift_a_tie_and_the_sheet_is_open_again() -> None:
    program = staff.program()
    officer, judge = staff.officer(program), staff.assessors(1)[0]
    case = staff.judged(program, judges=[])
    sheet = sheets.assign(case, assessor=judge, by=officer, now=NOW)
    sheets.declare(sheet, tied=True, words="자문", by=judge, now=NOW)
    tie = case.conflicts.get()
    first = staff.enter(Client(), officer)
    assert "잘못 기록한 이해관계 해제" in page(first, "conflictofinterest_change", tie.pk)
    press(first, "conflictofinterest", tie.pk, "lift", note="잘못 눌렀음")
    made = TieLift.objects.get()
    assert "해제 승인" not in page(first, "tielift_change", made.pk)
    assert "승인 대기" in page(first, "tielift_changelist")
    second = staff.enter(Client(), staff.manager())
    answer = press(second, "tielift", made.pk, "approve")
    assert "이해관계를 해제했습니다" in answer.content.decode()
    assert ScoreSheet.objects.get(pk=sheet.pk).abstained_at is None
    elsewhere = staff.enter(Client(), staff.officer(staff.program()))
    assert elsewhere.get(
        reverse("admin:applications_tielift_change", args=[made.pk])
    ).status_code in {302, 404}
