"""Files move from the folder to a bucket and back; a run that is killed is simply repeated."""

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bench import servers
from bench.objects import ObjectStore, object_store
from portal.settings import BASE_DIR
from portal.uploads import files
from portal.uploads.stores.folder import Folder
from tests.patience import PATIENCE
from tests.portal.stores import everything, new_bucket, use

pytestmark = pytest.mark.xdist_group("stores")
DONE = re.compile(r"옮긴 파일 ([\d,]+)개, 이미 있던 파일 ([\d,]+)개, 지운 원본 ([\d,]+)개")
MANY = 120


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with object_store() as running:
        yield running


@pytest.fixture
def kept(settings, tmp_path: Path) -> list[str]:
    """Keep three files in the folder; return their names."""
    settings.PRIVATE_ROOT = tmp_path / "private"
    return sorted(files.store_bytes(b"file %d" % number) for number in range(3))


@pytest.fixture
def bucket(kept: list[str], server: ObjectStore, settings) -> str:
    """Let the portal use an empty bucket from now on; return its name."""
    name, url = new_bucket(server)
    use(settings, url)
    return name


def move(*options: str) -> tuple[int, ...]:
    """Run the command; return how many files were copied, were there, and were deleted."""
    out = io.StringIO()
    call_command("move_files", *options, stdout=out)
    return counts(out.getvalue())


def counts(said: str) -> tuple[int, ...]:
    found = DONE.search(said)
    assert found, said
    return tuple(int(text.replace(",", "")) for text in found.groups())


def in_folder(settings) -> list[str]:
    root = settings.PRIVATE_ROOT
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_files_are_copied_once_and_the_originals_stay_until_told(kept, bucket, settings) -> None:
    (settings.PRIVATE_ROOT / kept[0]).parent.joinpath(".draft-left").write_bytes(b"half")
    assert move() == (3, 0, 0)
    assert move() == (0, 3, 0)
    assert everything() == kept
    assert set(in_folder(settings)) >= set(kept)
    assert move("--delete") == (0, 3, 3)
    assert not set(in_folder(settings)) & set(kept)
    with files.open_kept(kept[0]) as copy:
        assert re.fullmatch(b"file [0-2]", copy.read())


def test_files_come_back(kept, bucket, settings) -> None:
    move("--delete")
    added = files.store_bytes(b"new")
    assert move("--back", "--delete") == (4, 0, 4)
    assert sorted([*kept, added]) == in_folder(settings)
    assert everything() == []


def test_another_content_under_the_name_is_told_and_neither_is_touched(
    kept, bucket, server: ObjectStore, settings
) -> None:
    server.client().put_object(Bucket=bucket, Key=kept[1], Body=b"another")
    with pytest.raises(CommandError, match="1개"):
        move("--delete")
    assert in_folder(settings) == [kept[1]]
    with files.open_kept(kept[1]) as copy:
        assert copy.read() == b"another"


def test_no_original_is_deleted_for_a_copy_that_was_altered(
    kept, bucket, server: ObjectStore, settings
) -> None:
    move()
    noted = files.kept_in().recorded(kept[1])
    assert noted
    server.client().put_object(
        Bucket=bucket, Key=kept[1], Body=b"fIle n", Metadata={"sha256": noted.sha256}
    )
    with pytest.raises(CommandError, match="1개"):
        move("--delete")
    assert in_folder(settings) == [kept[1]]


def test_without_a_bucket_nothing_is_done(kept) -> None:
    with pytest.raises(CommandError, match="PORTAL_FILES_URL"):
        move()


def test_a_run_that_was_killed_is_finished_by_the_next_one(
    server: ObjectStore, settings, tmp_path: Path
) -> None:
    settings.PRIVATE_ROOT = tmp_path / "private"
    names = sorted(files.store_bytes(os.urandom(2_000)) for _ in range(MANY))
    bucket, url = new_bucket(server)
    versions = server.client().list_object_versions
    server.client().put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    first = started(tmp_path, url)
    try:
        servers.wait_until(lambda: "Versions" in versions(Bucket=bucket), what="a first copy")
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    before = len(versions(Bucket=bucket)["Versions"])
    assert 0 < before < MANY
    said, _ = started(tmp_path, url).communicate(timeout=PATIENCE)
    copied, there, deleted = counts(said)
    assert (copied + there, there, deleted) == (MANY, before, 0)
    # Of every file one version: nothing was written twice.
    rows = versions(Bucket=bucket)["Versions"]
    assert sorted(row["Key"] for row in rows) == names
    use(settings, url)
    for name in names[:: MANY // 10]:
        with files.open_kept(name) as copy, Folder().open(name) as original:
            assert copy.read() == original.read()


def started(folder: Path, url: str) -> "subprocess.Popen[str]":
    """Start the command on a folder of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_DEBUG": "1",
        "PORTAL_DATA_DIR": str(folder),
        "PORTAL_FILES_URL": url,
    }
    words = [sys.executable, "manage.py", "move_files"]
    return subprocess.Popen(words, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)
