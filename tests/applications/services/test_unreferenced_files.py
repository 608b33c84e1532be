"""Files that no row names are found when they are a day old, and only then removed."""

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from portal.core.clock import now
from portal.uploads import files, unreferenced
from tests.factories.applications import AttachmentFactory
from tests.factories.kamp import (
    WorkspaceFactory,
    approved,
    clip_of,
    dataset_of,
    inspection_of,
    member_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private(settings, tmp_path: Path) -> Path:
    settings.PRIVATE_ROOT = tmp_path
    return tmp_path


def aged(folder: Path, name: str, *, hours: int) -> str:
    at = (now() - timedelta(hours=hours)).timestamp()
    os.utime(folder / name, (at, at))
    return name


def sweep(*options: str) -> str:
    told = io.StringIO()
    call_command("sweep_files", *options, stdout=told)
    return told.getvalue()


def test_only_old_files_without_a_row_are_found(private: Path):
    orphan = aged(private, files.store_bytes(b"orphan"), hours=25)
    aged(private, files.store_bytes(b"under way"), hours=23)
    for removed_at in (None, now()):
        name = aged(private, files.store_bytes(b"named"), hours=25)
        AttachmentFactory(file=name, removed_at=removed_at)
    assert list(unreferenced.find(now=now())) == [orphan]


def test_the_draft_of_a_killed_writer_is_found(private: Path):
    folder = private / files.store_bytes(b"young")
    draft = folder.parent / ".draft-killed"
    draft.write_bytes(b"half")
    name = aged(private, str(draft.relative_to(private)), hours=25)
    assert list(unreferenced.find(now=now())) == [name]
    sweep("--delete")
    assert not draft.exists()


def test_nothing_is_deleted_without_leave(private: Path):
    orphan = aged(private, files.store_bytes(b"orphan"), hours=25)
    assert orphan in sweep()
    assert (private / orphan).exists()
    assert "1개를 지웠습니다" in sweep("--delete")
    assert not (private / orphan).exists()
    assert "0개" in sweep()


def test_many_files_cost_a_few_queries(private: Path, django_assert_num_queries):
    for place in range(5):
        aged(private, files.store_bytes(b"%d" % place), hours=25)
    with django_assert_num_queries(len(unreferenced.file_columns()) + 1):  # and the lists of clips
        assert len(list(unreferenced.find(now=now()))) == 5


def test_a_folder_that_is_not_there_holds_nothing(settings, tmp_path: Path):
    settings.PRIVATE_ROOT = tmp_path / "none"
    assert list(unreferenced.find(now=now())) == []


def test_whatever_wing_keeps_a_file_is_asked() -> None:
    names = {model.__name__ for model, _ in unreferenced.file_columns()}
    assert names >= {
        "Attachment",
        "IssuedDocument",
        "ReportEvidence",
        "CorrectionEvidence",
        "PanelEvidence",
        "Certificate",
        "ReportBook",
        "ShowcaseImage",
        "ShowcasePdf",
        "InspectionReport",
    }


def test_films_pictures_and_models_of_the_inspection_are_named(private: Path) -> None:
    firm = WorkspaceFactory()
    member_of(firm)
    clip = clip_of(dataset_of(firm), "A")
    model = approved(clip.product.dataset)
    verdict = inspection_of(model, clip)
    for name in (*clip.files, clip.pictures, model.artefact, verdict.pictures):
        aged(private, name, hours=25)
    assert list(unreferenced.find(now=now())) == []
