"""Two people, one draft, one review page that is out of date: nothing unseen is filed."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from applications.models import Submission
from applications.states import MemberRole
from portal.core.clock import now
from programs.models import ProgramRound, SubProgram
from tests.factories import drafts, programs
from tests.factories.applications import member_of
from tests.portal.browsing import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = [390, 1280]


def press(page: Page) -> None:
    box = page.get_by_label("적은 내용이 사실과 같음을 확인했습니다.")
    expect(box).not_to_be_checked()  # also after changes: they are confirmed anew
    box.check()
    page.get_by_role("button", name="신청서 제출하기").click()


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_that_is_out_of_date_shows_what_changed_and_files_nothing_unseen(
    live_server, browser: Browser, width: int
) -> None:
    programs.load()
    robot = programs.program("robot")
    draft = drafts.complete(robot)
    at = now()
    ProgramRound.objects.update(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1))
    colleague = member_of(draft.company, MemberRole.EDITOR)
    base = f"{live_server.url}/applications/{draft.pk}"
    one, other = (browser.new_context(viewport={"width": width, "height": 900}) for _ in range(2))
    mine = signed_in(one, live_server.url, draft.created_by)
    mine.goto(f"{base}/review/")

    theirs = signed_in(other, live_server.url, colleague)
    theirs.goto(f"{base}/edit/cost/")
    theirs.fill("[name=q_robot]", "40,000,000")
    theirs.get_by_role("button", name="저장만 하기").click()
    expect(theirs.get_by_text("저장했습니다").first).to_be_visible()

    press(mine)
    changes = mine.get_by_role("region", name="확인하신 뒤에 바뀐 내용")
    expect(changes).to_be_visible()
    row = changes.get_by_role("row", name="로봇 본체")
    expect(row).to_contain_text("12,000,000원")
    expect(row).to_contain_text("40,000,000원")
    assert not Submission.objects.exists()
    assert [found["id"] for found in Axe().run(mine).response["violations"]] == []
    assert fits(mine)

    SubProgram.objects.filter(pk=robot.pk).update(
        consents=[{**each, "purpose": "다른 목적"} for each in robot.consents]
    )
    press(mine)
    expect(mine.get_by_role("heading", name="공고 내용")).to_be_visible()
    assert not Submission.objects.exists()

    press(mine)
    expect(mine.get_by_text("제출했습니다. 접수번호는").first).to_be_visible()
    filed = Submission.objects.get()
    assert filed.content["cost"]["robot"] == 40_000_000
    one.close()
    other.close()
