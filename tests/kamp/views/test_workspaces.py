"""Pages of the inspection: members open them, others get 404."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from kamp.models import Clip, Dataset, Inspection, InspectionModel, InspectionReport
from kamp.services import inspections, reports
from kamp.urls import urlpatterns
from portal.core.clock import now
from portal.models import Job, JobState
from tests.factories.kamp import (
    PersonFactory,
    WorkspaceFactory,
    approved,
    clip_of,
    curator,
    dataset_of,
    inspection_of,
    member_of,
    trained,
)
from tests.factories.staff import enter
from tests.kamp.services.test_datasets import FILM

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    firm = WorkspaceFactory()
    member_of(firm)
    return dataset_of(firm, synthetic_seed=3)


@pytest.fixture
def clip(dataset: Dataset) -> Clip:
    return clip_of(dataset, "A-1")


@pytest.fixture
def model(dataset: Dataset) -> InspectionModel:
    return approved(dataset)


@pytest.fixture
def verdict(model: InspectionModel, clip: Clip) -> Inspection:
    return inspection_of(model, clip)


@pytest.fixture
def report(verdict: Inspection, dataset: Dataset) -> InspectionReport:
    return reports.request(verdict.model, by=dataset.created_by, now=now())


@pytest.fixture
def routes(dataset: Dataset, clip: Clip, verdict: Inspection, report: InspectionReport) -> dict:
    """URL names of the inspection with their arguments."""
    job = report.job
    assert job is not None
    return {
        "kamp_people": [dataset.workspace_id],
        "kamp_workspace": [dataset.workspace_id],
        "kamp_dataset_new": [dataset.workspace_id],
        "kamp_dataset": [dataset.pk],
        "kamp_label_next": [dataset.pk],
        "kamp_label_undo": [dataset.pk],
        "kamp_label": [clip.product_id],
        "kamp_clip": [clip.pk],
        "kamp_frame": [clip.pk, "flat", 0],
        "kamp_model": [verdict.model_id],
        "kamp_model_act": [verdict.model_id],
        "kamp_look": [verdict.model_id],
        "kamp_inspection": [verdict.pk],
        "kamp_heat": [verdict.pk, "heat", 0],
        "kamp_report": [report.pk],
        "kamp_job": [job.pk],
        "kamp_job_act": [job.pk],
    }


POSTED = {"kamp_model_act", "kamp_job_act", "kamp_label_undo"}


def test_the_list_of_routes_is_complete(routes: dict) -> None:
    lab = {route.name for route in urlpatterns if str(route.pattern).startswith("kamp/lab/")}
    assert lab - set(routes) == {"kamp_lab", "kamp_answer"}


@pytest.mark.parametrize("who", ["stranger", "other firm", "curator"])
def test_pages_of_another_firm_do_not_exist(client: Client, routes: dict, who: str) -> None:
    people = {
        "stranger": PersonFactory,
        "other firm": lambda: member_of(WorkspaceFactory()),
        "curator": curator,
    }
    enter(client, people[who]())
    for name, args in routes.items():
        url = reverse(name, args=args)
        if name not in POSTED:
            assert client.get(url).status_code == 404, name
        posted = client.post(url, {"act": "judge", "mark": "normal", "next": "/"})
        assert posted.status_code in {404, 405}, name
    assert Job.objects.filter(state=JobState.CANCELLED).count() == 0


def test_each_page_opens_for_a_member_and_is_marked_synthetic(
    client: Client, routes: dict, dataset: Dataset
) -> None:
    client.force_login(dataset.created_by)
    for name, args in routes.items():
        if name in POSTED:
            continue
        answer = client.get(reverse(name, args=args), follow=True)
        assert answer.status_code == 200, name
        if answer["Content-Type"].startswith("text/html") and name not in {
            "kamp_people",
            "kamp_dataset_new",
        }:
            assert "합성" in answer.content.decode(), name


def test_pictures_are_private(client: Client, routes: dict, dataset: Dataset) -> None:
    client.force_login(dataset.created_by)
    for name in ("kamp_frame", "kamp_heat"):
        answer = client.get(reverse(name, args=routes[name]))
        assert answer["Content-Type"] == "image/png"
        assert answer["Cache-Control"] == "private, no-store"
        absent = [routes[name][0], routes[name][1], 9]
        assert client.get(reverse(name, args=absent)).status_code == 404


def test_every_chart_is_marked_synthetic_and_has_its_table(
    client: Client, model: InspectionModel, dataset: Dataset
) -> None:
    client.force_login(dataset.created_by)
    page = client.get(reverse("kamp_look", args=[model.pk])).content.decode()
    plots = page.count('class="chart__svg"')
    assert plots >= 6
    assert page.count("표로 보기") == plots
    assert page.count('aria-label="[합성]') == 2 * plots  # the drawing and its table


def test_the_threshold_is_changed_by_a_plain_form(
    client: Client, model: InspectionModel, dataset: Dataset
) -> None:
    client.force_login(dataset.created_by)
    url = reverse("kamp_look", args=[model.pk])
    strict = client.get(f"{url}?miss=1000000&check=1&share=50&threshold=-0.2").content.decode()
    assert "0.0% (0/2" in strict
    bad = client.get(f"{url}?share=many")
    assert bad.status_code == 200
    assert "오류" in bad.content.decode()


def test_an_upload_starts_a_job_that_can_be_stopped_and_resumed(
    client: Client,
) -> None:
    firm = WorkspaceFactory()
    member_of(firm)
    dataset = dataset_of(firm)
    client.force_login(member_of(dataset.workspace, "editor"))
    url = reverse("kamp_dataset", args=[dataset.pk])
    bad = client.post(url, {"act": "upload", "files": ContentFile(b"nothing", name="x.mp4")})
    assert bad.status_code == 400
    assert "clip_type" in bad.content.decode()
    client.post(url, {"act": "upload", "files": ContentFile(FILM, name="Z-9.mp4")})
    job = Job.objects.get()
    client.force_login(dataset.created_by)
    assert client.get(reverse("kamp_job", args=[job.pk])).json()["state"] == "queued"
    client.post(reverse("kamp_job_act", args=[job.pk]), {"act": "cancel", "next": url})
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "이어서 하기" in client.get(url).content.decode()
    client.post(reverse("kamp_job_act", args=[job.pk]), {"act": "resume", "next": url})
    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_labelling_goes_on_to_the_next_product_without_a_script(
    client: Client, dataset: Dataset
) -> None:
    clips = [clip_of(dataset, serial) for serial in ("A", "B")]
    client.force_login(dataset.created_by)
    answer = client.get(reverse("kamp_label_next", args=[dataset.pk]))
    first = reverse("kamp_label", args=[clips[0].product_id])
    assert answer["Location"] == first
    refused = client.post(first, {"mark": "defect", "frame": "0"})
    assert refused.status_code == 400
    answer = client.post(
        first,
        {"mark": "defect", "defect": "crack", "frame": "0", "x": 1, "y": 2, "w": 3, "h": 4},
    )
    assert answer["Location"] == reverse("kamp_label", args=[clips[1].product_id])
    assert clips[0].product.labels.get().box == {"x": 1, "y": 2, "w": 3, "h": 4}
    client.post(answer["Location"], {"mark": "normal"})
    assert clips[1].product.labels.get().mark == "normal"


def test_a_model_is_approved_by_the_second_member_on_its_page(
    client: Client, dataset: Dataset
) -> None:
    model = trained(dataset)
    url = reverse("kamp_model", args=[model.pk])
    client.force_login(dataset.created_by)
    assert "다른 구성원이 확인하고" in client.get(url).content.decode()
    client.force_login(member_of(dataset.workspace, "editor"))
    client.post(reverse("kamp_model_act", args=[model.pk]), {"act": "approve"})
    model.refresh_from_db()
    assert model.state == "approved"


def test_a_decision_is_recorded_on_the_page_of_the_verdict(
    client: Client, verdict: Inspection, dataset: Dataset
) -> None:
    client.force_login(dataset.created_by)
    url = reverse("kamp_inspection", args=[verdict.pk])
    client.post(url, {"mark": "defect", "note": "육안으로 확인"})
    assert inspections.JOB
    assert "육안으로 확인" in client.get(url).content.decode()


def test_lists_take_a_fixed_number_of_queries(
    client: Client, dataset: Dataset, model: InspectionModel, django_assert_max_num_queries
) -> None:
    client.force_login(dataset.created_by)
    for place in range(6):
        inspection_of(model, clip_of(dataset, f"N-{place}"))
    with django_assert_max_num_queries(30):
        client.get(reverse("kamp_dataset", args=[dataset.pk]))
    with django_assert_max_num_queries(30):
        client.get(reverse("kamp_model", args=[model.pk]))


def test_the_web_process_starts_without_the_image_libraries() -> None:
    script = (
        "import sys, django; django.setup()\n"
        "import portal.urls, django.urls; django.urls.get_resolver().url_patterns\n"
        "print(sorted({'cv2', 'sklearn', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[3],
        env={
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "PORTAL_DEBUG": "1",
            "DATABASE_URL": "sqlite://:memory:",
            "CELERY_BROKER_URL": "memory://localhost",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


STRANGE = ["", "x", "²", "-1", "9" * 30, "9" * 5_000]


@pytest.mark.parametrize("number", STRANGE)
def test_an_invalid_number_is_not_found(clip: Clip, number: str) -> None:
    dataset = clip.product.dataset
    firm = dataset.workspace
    browser = Client()
    browser.force_login(dataset.created_by)
    left_out = {"act": "leave_out", "clip": number}
    assert browser.post(f"/kamp/lab/datasets/{dataset.pk}/", left_out).status_code == 404
    removed = {"act": "remove", "member": number}
    assert browser.post(f"/kamp/lab/{firm.pk}/people/", removed).status_code == 404
    label = f"/kamp/lab/products/{clip.product_id}/label/"
    assert browser.get(label, {"frame": number}).status_code == 200


@pytest.mark.parametrize("note", ["a\0b", "가" * 301])
def test_a_reason_that_cannot_be_stored_is_refused(model: InspectionModel, note: str) -> None:
    browser = Client()
    browser.force_login(model.dataset.created_by)
    sent = {"act": "retire", "note": note}
    answer = browser.post(f"/kamp/lab/models/{model.pk}/act/", sent)
    assert answer.status_code == 400
    assert "사유는 300자까지" in answer.content.decode()
    model.refresh_from_db()
    assert model.state == "approved"
