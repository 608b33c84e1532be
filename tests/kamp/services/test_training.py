"""A model is trained without obstacles, approved by a second person, and fixed afterwards."""

import pytest
from django.db import Error, IntegrityError, transaction

from kamp.models import Dataset, Duplicate, InspectionModel
from kamp.services import clips as clips_services
from kamp.services import drift, inspections, reports, training
from kamp.states import Split
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken
from portal.jobs import queue
from portal.models import Job, JobState
from tests.factories.kamp import (
    PersonFactory,
    WorkspaceFactory,
    approved,
    clip_of,
    dataset_of,
    inspection_of,
    labelled,
    member_of,
    trained,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    firm = WorkspaceFactory()
    member_of(firm)
    return dataset_of(firm)


def ready(dataset: Dataset) -> None:
    labelled(dataset, training.MIN_NORMALS, Split.TRAIN)
    labelled(dataset, training.MIN_NORMALS, Split.VALIDATION)


def codes(error: RuleBroken) -> set[str]:
    return {row.code for row in error.findings}


def test_every_obstacle_is_listed_at_once(dataset: Dataset) -> None:
    pair = [clip_of(dataset, serial) for serial in "AB"]
    Duplicate.objects.create(
        dataset=dataset, first=pair[0], second=pair[1], exact=True, similarity=1.0
    )
    with pytest.raises(RuleBroken) as refused:
        training.request(dataset, by=dataset.created_by, now=now())
    assert codes(refused.value) == {"leak", "too_few_train", "too_few_validation"}


def test_a_duplicate_prevents_training_until_one_clip_is_left_out(dataset: Dataset) -> None:
    ready(dataset)
    pair = [clip_of(dataset, serial) for serial in "AB"]
    Duplicate.objects.create(
        dataset=dataset, first=pair[0], second=pair[1], exact=False, similarity=0.99
    )
    with pytest.raises(RuleBroken):
        training.request(dataset, by=dataset.created_by, now=now())
    clips_services.leave_out(pair[1], by=dataset.created_by, now=now())
    assert training.request(dataset, by=dataset.created_by, now=now()).state == "training"


def test_the_same_data_and_seed_is_one_model(dataset: Dataset) -> None:
    ready(dataset)
    first = training.request(dataset, by=dataset.created_by, now=now())
    assert training.request(dataset, by=dataset.created_by, now=now()).pk == first.pk
    assert training.request(dataset, by=dataset.created_by, now=now(), seed=1).version == 2
    assert Job.objects.count() == 2
    with pytest.raises(NotFound):
        training.request(dataset, by=PersonFactory(), now=now())


def test_a_cancelled_training_continues_when_requested_again(dataset: Dataset) -> None:
    ready(dataset)
    model = training.request(dataset, by=dataset.created_by, now=now())
    assert model.job is not None
    assert queue.cancel(model.job, now=now())
    training.request(dataset, by=dataset.created_by, now=now())
    assert Job.objects.get().state == JobState.QUEUED


def test_the_trainer_does_not_approve(dataset: Dataset) -> None:
    model = trained(dataset)
    with pytest.raises(MoveNotAllowed) as refused:
        training.approve(model, by=dataset.created_by, now=now())
    assert refused.value.code == "own_work"
    with pytest.raises(NotFound):
        training.approve(model, by=PersonFactory(), now=now())
    training.approve(model, by=member_of(dataset.workspace, "editor"), now=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        InspectionModel.objects.update(approved_by=model.trained_by)


@pytest.mark.parametrize(
    "change",
    [
        {"artefact_sha256": "2" * 64},
        {"thresholds": {"known": None, "anomaly": 9.0}},
        {"measures": {}},
        {"seed": 5},
        {"trained_at": None},
    ],
)
def test_an_approved_model_does_not_change(dataset: Dataset, change: dict) -> None:
    model = approved(dataset)
    with pytest.raises(Error), transaction.atomic():
        InspectionModel.objects.filter(pk=model.pk).update(**change)
    with pytest.raises(Error), transaction.atomic():
        InspectionModel.objects.filter(pk=model.pk).delete()
    owner = dataset.workspace.members.get(role="owner").user
    training.retire(model, note="새 판을 씁니다.", by=owner, now=now())
    with pytest.raises(Error), transaction.atomic():
        InspectionModel.objects.filter(pk=model.pk).update(**change)


def test_only_an_owner_retires_and_gives_a_reason(dataset: Dataset) -> None:
    model = trained(dataset)
    editor = member_of(dataset.workspace, "editor")
    owner = dataset.workspace.members.get(role="owner").user
    for by, note in ((editor, "x"), (owner, "")):
        with pytest.raises(MoveNotAllowed):
            training.retire(model, note=note, by=by, now=now())


def test_only_an_approved_model_judges_and_each_clip_once(dataset: Dataset) -> None:
    clips = [clip_of(dataset, serial) for serial in "ABC"]
    with pytest.raises(MoveNotAllowed) as refused:
        inspections.request(trained(dataset), clips, by=dataset.created_by, now=now())
    assert refused.value.code == "not_approved"
    model = approved(dataset)
    inspection_of(model, clips[0])
    job = inspections.request(model, clips, by=dataset.created_by, now=now())
    assert job.args["clips"] == [clips[1].pk, clips[2].pk]
    assert inspections.request(model, clips, by=dataset.created_by, now=now()).pk == job.pk
    for clip in clips[1:]:
        inspection_of(model, clip)
    with pytest.raises(BadInput):
        inspections.request(model, clips, by=dataset.created_by, now=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        inspection_of(model, clips[0])


def test_a_verdict_does_not_change_and_a_hold_has_reasons(dataset: Dataset) -> None:
    verdict = inspection_of(approved(dataset), clip_of(dataset, "A"))
    with pytest.raises(Error), transaction.atomic():
        type(verdict).objects.update(verdict="defect")
    with pytest.raises(Error), transaction.atomic():
        verdict.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        inspection_of(verdict.model, clip_of(dataset, "B"), verdict="hold")


def test_the_decision_of_the_inspector_is_stored_beside_the_verdict(dataset: Dataset) -> None:
    verdict = inspection_of(approved(dataset), clip_of(dataset, "A"))
    for mark in ("normal", "defect"):
        inspections.decide(verdict, mark=mark, note="", by=dataset.created_by, now=now())
    assert verdict.verdict == "normal"
    assert [row.mark for row in verdict.decisions.order_by("pk")] == ["normal", "defect"]
    with pytest.raises(NotFound):
        inspections.decide(verdict, mark="normal", note="", by=PersonFactory(), now=now())
    with pytest.raises(Error), transaction.atomic():
        verdict.decisions.update(mark="normal")


def test_drift_is_checked_once_for_the_same_products(dataset: Dataset) -> None:
    model = approved(dataset)
    with pytest.raises(BadInput) as refused:
        drift.request(model, by=dataset.created_by, now=now())
    assert refused.value.code == "too_few_normals"
    for place in range(drift.MIN_NORMALS):
        verdict = inspection_of(model, clip_of(dataset, f"A-{place}"), verdict="defect")
        inspections.decide(verdict, mark="normal", note="", by=dataset.created_by, now=now())
    assert drift.request_due(now()) == 1
    job = drift.request(model, by=dataset.created_by, now=now())
    assert len(job.args["inspections"]) == drift.MIN_NORMALS
    assert Job.objects.filter(kind=drift.JOB).count() == 1


def test_recalibration_needs_new_normal_products(dataset: Dataset) -> None:
    model = approved(dataset)
    with pytest.raises(RuleBroken) as refused:
        training.recalibrate(model, by=dataset.created_by, now=now())
    assert codes(refused.value) == {"too_few_new"}
    ready(dataset)
    made = training.recalibrate(model, by=dataset.created_by, now=now())
    assert (made.parent, made.state, made.version) == (model, "training", 2)
    assert Job.objects.get().kind == training.RECALIBRATE


def test_of_the_same_facts_there_is_one_report(dataset: Dataset) -> None:
    model = approved(dataset)
    with pytest.raises(BadInput):
        reports.request(model, by=dataset.created_by, now=now())
    verdict = inspection_of(model, clip_of(dataset, "A"))
    first = reports.request(model, by=dataset.created_by, now=now())
    assert reports.request(model, by=dataset.created_by, now=now()).pk == first.pk
    inspections.decide(verdict, mark="defect", note="", by=dataset.created_by, now=now())
    assert reports.request(model, by=dataset.created_by, now=now()).pk != first.pk
