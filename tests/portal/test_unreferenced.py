"""Files that no row refers to are found once they are a day old."""

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
def private_root(settings, tmp_path: Path) -> Path:
    settings.PRIVATE_ROOT = tmp_path
    return tmp_path


def make_old(folder: Path, name: str, *, hours: int) -> str:
    at = (now() - timedelta(hours=hours)).timestamp()
    os.utime(folder / name, (at, at))
    return name


def sweep(*options: str) -> str:
    output = io.StringIO()
    call_command("sweep_files", *options, stdout=output)
    return output.getvalue()


def test_only_old_files_without_a_row_are_found(private_root: Path):
    orphan = make_old(private_root, files.store_bytes(b"orphan"), hours=25)
    make_old(private_root, files.store_bytes(b"under way"), hours=23)
    for removed_at in (None, now()):
        name = make_old(private_root, files.store_bytes(b"named"), hours=25)
        AttachmentFactory(file=name, removed_at=removed_at)
    assert list(unreferenced.find(now=now())) == [orphan]


def test_temporary_file_of_a_killed_writer_is_found(private_root: Path):
    folder = private_root / files.store_bytes(b"young")
    draft = folder.parent / ".draft-killed"
    draft.write_bytes(b"half")
    name = make_old(private_root, str(draft.relative_to(private_root)), hours=25)
    assert list(unreferenced.find(now=now())) == [name]
    sweep("--delete")
    assert not draft.exists()


def test_nothing_is_deleted_without_the_option(private_root: Path):
    orphan = make_old(private_root, files.store_bytes(b"orphan"), hours=25)
    assert orphan in sweep()
    assert (private_root / orphan).exists()
    assert "1개를 지웠습니다" in sweep("--delete")
    assert not (private_root / orphan).exists()
    assert "0개" in sweep()


def test_query_count_does_not_grow_with_the_files(private_root: Path, django_assert_num_queries):
    for number in range(5):
        make_old(private_root, files.store_bytes(b"%d" % number), hours=25)
    with django_assert_num_queries(len(unreferenced.file_columns()) + 1):  # and the lists of clips
        assert len(list(unreferenced.find(now=now()))) == 5


def test_missing_folder_yields_nothing(settings, tmp_path: Path):
    settings.PRIVATE_ROOT = tmp_path / "none"
    assert list(unreferenced.find(now=now())) == []


def test_file_columns_of_every_app_are_searched() -> None:
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


def test_clips_pictures_and_models_of_kamp_are_referenced(private_root: Path) -> None:
    firm = WorkspaceFactory()
    member_of(firm)
    clip = clip_of(dataset_of(firm), "A")
    model = approved(clip.product.dataset)
    verdict = inspection_of(model, clip)
    for name in (*clip.files, clip.pictures, model.artefact, verdict.pictures):
        make_old(private_root, name, hours=25)
    assert list(unreferenced.find(now=now())) == []
