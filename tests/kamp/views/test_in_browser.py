"""KAMP in Chromium: a clip from upload to verdict and report, a held clip, a firm's case."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kamp.models import Dataset, InspectionModel, Label, LabelUndo, Showcase
from kamp.vision.synthetic.generator import Flaw
from portal.core.clock import now
from portal.jobs import queue
from portal.models import Job, JobState, User
from tests.factories import staff
from tests.factories.bricks import bricks, film, learned
from tests.factories.kamp import (
    WorkspaceFactory,
    approved,
    clip_of,
    curator,
    dataset_of,
    inspection_of,
    member_of,
    refractory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = (1280, 390)
PICTURE = re.compile(r"/kamp/lab/(clips|verdicts)/[0-9]+/[a-z]+/[0-9]+/$")
DRAWN = "[...document.images].map(one => one.naturalWidth > 0)"
DRAW = (
    "Promise.all([...document.images].map(one => { one.loading = 'eager'; return one.decode(); }))"
)
PLACES = "[...document.querySelectorAll('main *')].map(one => one.getBoundingClientRect().top)"


def enter(context: BrowserContext, base: str, client: Client) -> Page:
    """Open a page with the session of this client."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base}])
    return context.new_page()


def signed_in(context: BrowserContext, base: str, user: User) -> Page:
    client = Client()
    client.force_login(user)
    return enter(context, base, client)


def check(page: Page, url: str) -> None:
    """Check a page by axe and against the width of the screen, wide and narrow."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(url)
        found = [row["id"] for row in Axe().run(page).response["violations"]]
        assert found == [], (url, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (url, width)


def run_pending_jobs() -> None:
    """Run the pending jobs, as a worker would."""
    for pk in queue.due(now()):
        assert queue.run(pk) == JobState.DONE, Job.objects.get(pk=pk).error


@pytest.fixture
def model() -> InspectionModel:
    firm = WorkspaceFactory(name="한빛내화")
    member_of(firm)
    made = learned(bricks(firm))
    Dataset.objects.filter(pk=made.dataset_id).update(is_synthetic=False)  # takes filmed clips too
    made.dataset.refresh_from_db()
    return made


@pytest.mark.pdf
def test_a_clip_goes_from_upload_to_verdict_and_report_and_a_bad_one_is_held(
    live_server, context: BrowserContext, model: InspectionModel, tmp_path: Path
) -> None:
    page = signed_in(context, live_server.url, model.dataset.created_by)
    good = film(tmp_path, 8_001, "crack")
    bad = film(tmp_path, 8_002, flaw=Flaw.CRF30)
    page.goto(live_server.url + reverse("kamp_dataset", args=[model.dataset_id]))
    page.set_input_files("[name=files]", [good, bad])
    page.get_by_role("button", name="올리기", exact=True).click()
    expect(page.locator("main")).to_contain_text("2개를 받았습니다")
    run_pending_jobs()
    # The page follows its jobs by itself and shows what came of them.
    expect(page.locator("main")).to_contain_text("압축이 심해")

    page.goto(live_server.url + reverse("kamp_model", args=[model.pk]))
    page.get_by_role("button", name="모두 판정하기").click()
    run_pending_jobs()
    row = page.get_by_role("row").filter(has_text="brick-8001")
    expect(row).to_contain_text("미지 의심")
    held = page.get_by_role("row").filter(has_text="brick-8002")
    expect(held).to_contain_text("판정 보류")
    expect(held).to_contain_text("압축")
    page.get_by_role("link", name="brick-8001").click()
    expect(page.locator("main")).to_contain_text("어디가 다른가요?")
    page.get_by_role("radio", name="불량").check()
    page.get_by_role("button", name="검사원 판정 남기기").click()
    expect(page.locator("main")).to_contain_text("검사원 판정을 남겼습니다")

    page.goto(live_server.url + reverse("kamp_model", args=[model.pk]))
    page.get_by_role("button", name="보고서 만들기").click()
    run_pending_jobs()
    ready = page.get_by_role("link", name="PDF 내려받기")
    expect(ready).to_be_visible()
    with page.expect_download() as download:
        ready.click()
    assert download.value.suggested_filename.startswith("합성_")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")


@pytest.mark.pdf
def test_a_firms_case_goes_from_its_form_to_publication(
    live_server, browser: Browser, browser_context_args: dict
) -> None:
    firm = WorkspaceFactory(name="한빛정밀")
    writer = browser.new_context(**browser_context_args)
    page = signed_in(writer, live_server.url, member_of(firm))
    page.goto(f"{live_server.url}/kamp/own-cases/")
    page.get_by_role("link", name="한빛정밀 사례 쓰기").click()
    for name, text in {
        "title": "사진으로 찾는 주물 불량",
        "summary": "사진으로 찾습니다.",
        "problem": "눈으로 보기 힘들었습니다.",
        "source_name": "자체 측정",
        "metrics-0-name": "검사시간",
        "metrics-0-definition": "제품 하나를 보는 데 걸린 초",
        "metrics-0-unit": "초",
        "metrics-0-before": "20",
        "metrics-0-after": "8",
        "steps-0-title": "촬영",
        "steps-0-text": "찍습니다.",
    }.items():
        page.fill(f"[name={name}]", text)
    for name, value in {
        "process": "casting",
        "purpose": "quality",
        "data_kind": "image",
        "metrics-0-direction": "lower",
        "metrics-0-origin": "measured",
    }.items():
        page.select_option(f"[name={name}]", value)
    page.get_by_role("button", name="저장", exact=True).click()
    page.get_by_role("button", name="검토 요청").click()
    expect(page.locator("main")).to_contain_text("편집자가 검토하고 있습니다")
    writer.close()

    case = Showcase.objects.get()
    for act in ("확인", "공개"):  # by one editor, then by another
        staff_context = browser.new_context(**browser_context_args)
        page = enter(staff_context, live_server.url, staff.enter(Client(), curator()))
        page.goto(live_server.url + reverse("admin:kamp_showcase_change", args=[case.pk]))
        page.get_by_role("link", name=act, exact=True).click()
        page.get_by_role("button", name=act, exact=True).click()
        expect(page.locator(".messagelist, [role=status]").first).to_be_visible()
        staff_context.close()

    anyone = browser.new_context(**browser_context_args)
    page = anyone.new_page()
    page.goto(f"{live_server.url}/kamp/")
    page.get_by_role("link", name="사진으로 찾는 주물 불량").click()
    expect(page.locator("main")).to_contain_text("−12초 (60.0% 감소)")
    anyone.close()


def test_labels_are_given_by_keys_alone(live_server, context: BrowserContext) -> None:
    firm = WorkspaceFactory()
    owner = member_of(firm)
    dataset = dataset_of(firm)
    clips = [clip_of(dataset, serial) for serial in "ABC"]
    page = signed_in(context, live_server.url, owner)
    page.goto(live_server.url + reverse("kamp_label_next", args=[dataset.pk]))
    expect(page.locator("input[name=mark]:checked")).to_have_count(0)
    for key in ("Space", "Enter", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)  # none of them is a mark
    assert not Label.objects.exists()
    page.locator("h1").click()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("B 라벨")
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown")
    page.locator("h1").click()
    canvas = page.locator("[data-box-canvas]").bounding_box()
    assert canvas is not None
    page.mouse.move(canvas["x"] + 40, canvas["y"] + 40)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 120, canvas["y"] + 90)
    page.mouse.up()
    page.get_by_role("button", name="저장하고 다음").click()
    expect(page.locator("h1")).to_contain_text("C 라벨")
    marks = [row.mark for row in Label.objects.order_by("pk")]
    assert marks == ["normal", "defect"]
    page.keyboard.press("z")
    expect(page.locator("h1")).to_contain_text("B 라벨")
    assert LabelUndo.objects.get().label.mark == "defect"
    expect(page.get_by_role("button", name="되돌리기")).to_have_count(0)  # one step
    box = clips[1].product.labels.get().box
    assert box is not None
    assert box["w"] > 0


@pytest.fixture
def firm_pages() -> tuple[User, list[str]]:
    firm = WorkspaceFactory()
    owner = member_of(firm)
    dataset = dataset_of(firm, synthetic_seed=1)
    clip = clip_of(dataset, "A")
    model = approved(dataset)
    verdict = inspection_of(model, clip)
    return (
        owner,
        [
            "/kamp/lab/",
            "/kamp/own-cases/",
            reverse("kamp_case_new", args=[firm.pk]),
            reverse("kamp_people", args=[firm.pk]),
            reverse("kamp_workspace", args=[firm.pk]),
            reverse("kamp_dataset_new", args=[firm.pk]),
            reverse("kamp_dataset", args=[dataset.pk]),
            reverse("kamp_label", args=[clip.product_id]),
            reverse("kamp_clip", args=[clip.pk]),
            reverse("kamp_model", args=[model.pk]),
            reverse("kamp_look", args=[model.pk]),
            reverse("kamp_inspection", args=[verdict.pk]),
        ],
    )


@pytest.fixture
def firm_pictures() -> tuple[User, dict[str, str]]:
    """A member, and the address of each page that shows pictures."""
    firm = WorkspaceFactory()
    owner = member_of(firm)
    clip = clip_of(dataset_of(firm), "A")
    verdict = inspection_of(approved(clip.product.dataset), clip)
    return owner, {
        "clip": reverse("kamp_clip", args=[clip.pk]),
        "clip, large": reverse("kamp_frame", args=[clip.pk, "panorama", 0]) + "?large",
        "label": reverse("kamp_label", args=[clip.product_id]),
        "verdict": reverse("kamp_inspection", args=[verdict.pk]),
        "verdict, large": reverse("kamp_heat", args=[verdict.pk, "panorama", 0]) + "?large",
    }


def test_pages_pass_axe_and_fit_a_phone(
    live_server, context: BrowserContext, firm_pages: tuple[User, list[str]]
) -> None:
    refractory()
    owner, paths = firm_pages
    page = signed_in(context, live_server.url, owner)
    for path in ["/kamp/", "/kamp/cases/refractory-xray/", *paths]:
        check(page, live_server.url + path)


@pytest.mark.parametrize("name", ["clip", "clip, large", "label", "verdict", "verdict, large"])
def test_pictures_that_come_late_move_nothing(
    live_server, context: BrowserContext, firm_pictures: tuple[User, dict[str, str]], name: str
) -> None:
    """Who is about to press a button must not hit what has moved into its place."""
    member, addresses = firm_pictures
    page = signed_in(context, live_server.url, member)
    context.route(PICTURE, lambda picture: None)
    page.goto(live_server.url + addresses[name], wait_until="domcontentloaded")
    before = page.evaluate(PLACES)
    assert set(page.evaluate(DRAWN)) == {False}
    context.unroute(PICTURE)  # lets go those that wait
    page.evaluate(DRAW)
    assert set(page.evaluate(DRAWN)) == {True}
    assert page.evaluate(PLACES) == before
