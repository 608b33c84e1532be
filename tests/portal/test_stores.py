"""Files in a folder and in a bucket: what holds for one holds for the other."""

import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client

from applications.models import Application, Attachment
from bench import servers
from bench.objects import ObjectStore, object_store
from kamp.models import Clip
from portal.core.clock import now
from portal.core.errors import NotFound, Unavailable
from portal.uploads import address, files, unreferenced, verification
from portal.uploads.stores import objects
from portal.uploads.stores.base import Digest, digest_of
from programs.models import RequiredDocument, SubProgram
from tests.factories.applications import (
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    RoundFactory,
    SubProgramFactory,
    member_of,
)
from tests.factories.kamp import WorkspaceFactory, clip_of, dataset_of
from tests.factories.kamp import member_of as member_of_workspace
from tests.patience import PATIENCE
from tests.portal import corpus
from tests.portal.stores import everything, new_bucket, use

pytestmark = pytest.mark.xdist_group("stores")
NAME = "ab/" + "ab" * 16


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with object_store() as running:
        yield running


@pytest.fixture(params=["folder", "bucket"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, request: pytest.FixtureRequest, settings, tmp_path: Path) -> str:
    """Use an empty store; return its kind."""
    if kind == "folder":
        settings.PRIVATE_ROOT = tmp_path / "private"
    else:
        use(settings, new_bucket(request.getfixturevalue("server"))[1])
    return kind


@pytest.fixture
def bucket(server: ObjectStore, settings) -> str:
    """Use an empty bucket; return its name."""
    name, url = new_bucket(server)
    use(settings, url)
    return name


def away(kind: str, settings, tmp_path: Path) -> None:
    """Let the store be one that cannot be reached."""
    if kind == "folder":
        (tmp_path / "file").write_text("in the way")
        settings.PRIVATE_ROOT = tmp_path / "file" / "private"
    else:
        port = servers.free_port()
        use(settings, f"s3://key:secret@bucket?endpoint=http://127.0.0.1:{port}")


class Watched(io.BytesIO):
    """Notes how much is asked for at once; breaks off at a reading, if told so."""

    def __init__(self, data: bytes, *, breaks_at: int = -1) -> None:
        super().__init__(data)
        self.asked: list[int | None] = []
        self.breaks_at = breaks_at

    def read(self, size: int | None = -1) -> bytes:
        if len(self.asked) == self.breaks_at:
            raise ConnectionResetError
        self.asked.append(size)
        return super().read(size)


class TestBothStores:
    def test_a_file_comes_back_as_it_was_kept_under_a_random_name(self, store: str) -> None:
        data = bytes(range(256)) * 1000
        names = {files.store_made(ContentFile(data, "../../x.pdf")) for _ in range(3)}
        assert len(names) == 3
        for name in names:
            assert re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{30}", name)
            with files.open_kept(name) as kept:
                assert kept.read() == data
        assert everything() == sorted(names)

    def test_an_empty_file_too(self, store: str) -> None:
        with files.open_kept(files.store_bytes(b"")) as kept:
            assert kept.read() == b""

    def test_a_reader_may_seek(self, store: str) -> None:
        name = files.store_bytes(bytes(200_000) + b"the end")
        with files.open_kept(name) as kept:
            kept.seek(-7, io.SEEK_END)
            assert kept.read() == b"the end"
            assert kept.read() == b""
            kept.seek(199_999)
            assert kept.read(4) == b"\0the"
            kept.seek(-3, io.SEEK_CUR)
            assert kept.tell() == 200_000

    def test_nothing_is_written_twice(self, store: str) -> None:
        kept_in = files.kept_in()
        for data in (b"first", b"second"):
            content = ContentFile(data, "x")
            if data == b"first":
                kept_in.write(NAME, content, digest_of(content))
            else:
                with pytest.raises(FileExistsError):
                    kept_in.write(NAME, content, digest_of(content))
        with files.open_kept(NAME) as kept:
            assert kept.read() == b"first"
        assert everything() == [NAME]

    def test_a_program_gets_a_path_for_a_while(self, store: str) -> None:
        name = files.store_bytes(b"film")
        with files.on_disk(name) as path:
            assert path.read_bytes() == b"film"
        assert path.exists() is (store == "folder")
        with pytest.raises(FileNotFoundError), files.on_disk(NAME):
            pass

    def test_what_is_not_there_is_told_from_a_store_that_is_away(self, store: str) -> None:
        assert not files.is_kept(NAME)
        with pytest.raises(FileNotFoundError):
            files.open_kept(NAME)
        with pytest.raises(NotFound):
            files.serve(NAME, filename="a.pdf", content_type="application/pdf")

    def test_what_no_row_names_can_be_discarded(self, store: str) -> None:
        name = files.store_bytes(b"1")
        for gone in (name, name, "../outside"):
            files.discard(gone)
        assert everything() == []

    def test_an_upload_is_read_in_pieces(self, store: str) -> None:
        upload = Watched(bytes(5_000_000))
        files.store_made(upload)
        assert max(upload.asked) <= 1024**2  # type: ignore[type-var]
        assert min(upload.asked) > 0  # type: ignore[type-var,operator]

    @pytest.mark.parametrize("breaks_at", [1, 50, 90])
    def test_of_an_upload_that_breaks_off_nothing_stays(self, store: str, breaks_at: int) -> None:
        with pytest.raises(Unavailable):
            files.store_made(Watched(bytes(5_000_000), breaks_at=breaks_at))
        assert everything() == []

    def test_a_store_that_is_away_is_said(self, kind: str, store: str, settings, tmp_path) -> None:
        assert files.kept_in().answers()
        away(kind, settings, tmp_path)
        with pytest.raises(Unavailable) as refused:
            files.store_bytes(b"1")
        assert refused.value.code == "storage_unavailable"
        with pytest.raises(Unavailable):
            files.open_kept(NAME)
        files.discard(NAME)  # found by the sweep later

    @pytest.mark.django_db
    def test_a_download_is_inert_and_has_its_korean_name(self, store: str) -> None:
        name = files.store_bytes(bytes(300_000))
        response = files.serve(name, filename="계획서.pdf", content_type="application/pdf")
        with closing(response):
            assert b"".join(response) == bytes(300_000)
        assert response["Content-Length"] == "300000"
        assert response["Content-Type"] == "application/pdf"
        assert "attachment; filename*=utf-8''%EA" in response["Content-Disposition"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "private, no-store"

    @pytest.mark.django_db
    def test_files_without_a_row_are_swept(self, store: str) -> None:
        orphan, named = files.store_bytes(b"orphan"), files.store_bytes(b"named")
        AttachmentFactory(file=named)
        assert list(unreferenced.find(now=now())) == []  # younger than a day
        tomorrow = now() + timedelta(hours=25)
        assert list(unreferenced.find(now=tomorrow)) == [orphan]
        call_command("sweep_files", "--delete", stdout=io.StringIO())
        assert everything() == sorted([orphan, named])


# --- Comparing with the rows ---------------------------------------------------------------------


def alter(kind: str, settings, name: str, data: bytes | None) -> None:
    """Put other bytes under a name, or none, past the portal."""
    if kind == "folder":
        path = settings.PRIVATE_ROOT / name
        path.unlink() if data is None else path.write_bytes(data)
    elif data is None:
        files.kept_in().discard(name)
    else:
        client = files.kept_in().connection.meta.client  # type: ignore[attr-defined]
        client.put_object(Bucket=settings.BUCKET.name, Key=name, Body=data)


def verify() -> str:
    out = io.StringIO()
    try:
        call_command("verify_files", stdout=out)
    except CommandError as failed:
        return f"{out.getvalue()}{failed} [{failed.returncode}]"
    return out.getvalue()


def named(data: bytes, **fields: object) -> Attachment:
    """Keep a content and a row that knows its size and hash."""
    digest = digest_of(io.BytesIO(data))
    kept = {"file": files.store_bytes(data), "size": digest.size, "sha256": digest.sha256}
    made: Attachment = AttachmentFactory(**kept, **fields)
    return made


@pytest.mark.django_db
class TestVerifying:
    def test_files_as_their_rows_say_are_counted(self, store: str) -> None:
        for number in range(3):
            named(b"%d" % number)
        assert "파일 3개, 3바이트를 읽었습니다. 모두 기록과 같습니다." in verify()

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"right", ""),
            (b"rigHt", "내용이 기록과 다릅니다"),
            (b"right and more", "크기가 기록과 다릅니다"),
            (None, "파일이 없습니다"),
        ],
        ids=["as it was", "one byte", "longer", "gone"],
    )
    def test_each_file_that_is_not_as_it_was_is_named(
        self, store: str, settings, data: bytes | None, said: str
    ) -> None:
        named(b"another")
        kept = named(b"right")
        if data != b"right":
            alter(store, settings, kept.file, data)
        found = verify()
        assert bool(said) == found.endswith("기록과 다른 것이 1개 있습니다. [1]")
        assert (f"{kept._meta.db_table} {kept.pk}: {kept.file}: {said}" in found) == bool(said)

    def test_what_was_taken_out_may_be_gone_but_not_altered(self, store: str, settings) -> None:
        gone, left = named(b"gone", removed_at=now()), named(b"left", removed_at=now())
        alter(store, settings, gone.file, None)
        assert "파일 1개" in verify()
        alter(store, settings, left.file, b"lEft")
        assert f"{left.file}: 내용이 기록과 다릅니다" in verify()

    def test_films_models_and_pictures_of_kamp_are_read(self, store: str, settings) -> None:
        firm = WorkspaceFactory()
        member_of_workspace(firm)
        clip = clip_of(dataset_of(firm), "A")
        shots = [files.store_bytes(b"one"), files.store_bytes(b"two")]
        hashes = [digest_of(io.BytesIO(data)).sha256 for data in (b"one", b"two")]
        whole = digest_of(io.BytesIO("".join(hashes).encode())).sha256
        Clip.objects.filter(pk=clip.pk).update(files=shots, size=6, sha256=whole)
        found = verify()
        assert (
            "kamp_clip: 해시 기록이 없어 있는지만 본 파일 1개" in found
        )  # its archive of pictures
        assert "모두 기록과 같습니다" in found
        alter(store, settings, shots[1], b"tWo")
        assert f"kamp_clip {clip.pk}: {shots[0]}: 내용이 기록과 다릅니다" in verify()

    def test_a_store_that_is_away_is_no_finding(self, kind, store, settings, tmp_path) -> None:
        named(b"1")
        away(kind, settings, tmp_path)
        with pytest.raises(CommandError) as failed:
            call_command("verify_files")
        assert failed.value.returncode == 2

    def test_every_column_that_names_a_file_has_its_hash_or_is_known_to_have_none(self) -> None:
        bare = {
            f"{model._meta.db_table}.{column}"
            for model, column in unreferenced.file_columns()
            if not verification.hash_column(model, column)
        }
        assert bare == {"kamp_clip.pictures", "kamp_inspection.pictures"}


# --- In the pages of the portal ------------------------------------------------------------------


@pytest.fixture
def draft(client: Client) -> Application:
    at = now()
    RoundFactory(opens_at=at - timedelta(days=9), closes_at=at + timedelta(days=9))
    scheme: SubProgram = SubProgramFactory()
    RequiredDocument.objects.create(
        sub_program=scheme, code="quote", label="견적서", formats=["pdf"], max_files=2, origin="x"
    )
    made: Application = ApplicationFactory(sub_program=scheme)
    client.force_login(made.created_by)
    return made


def upload(client: Client, draft: Application, mark: str):
    sent = io.BytesIO(corpus.pdf(b"<< /Mark (%s) >>" % mark.encode()))
    sent.name = f"{mark}.pdf"
    data = {"act": "upload", "requirement": "quote", "files": [sent]}
    return client.post(f"/applications/{draft.pk}/edit/documents/", data)


@pytest.mark.django_db
class TestPages:
    def test_an_upload_comes_back_to_its_firm_and_to_nobody_else(
        self, store: str, client: Client, draft: Application
    ) -> None:
        assert upload(client, draft, "a").status_code == 302
        kept = draft.attachments.get()
        path = f"/attachments/{kept.pk}/"
        data = b"".join(client.get(path).streaming_content)
        assert digest_of(io.BytesIO(data)) == Digest(kept.size, kept.sha256)
        client.force_login(member_of(CompanyFactory()))
        assert client.get(path).status_code == 404

    def test_a_store_that_is_away_leaves_the_draft_as_it_was(
        self, kind: str, store: str, client: Client, draft: Application, settings, tmp_path
    ) -> None:
        upload(client, draft, "a")
        before, kept = everything(), draft.attachments.get()
        reachable = settings.STORAGES, settings.PRIVATE_ROOT
        away(kind, settings, tmp_path)
        answer = upload(client, draft, "b")
        assert "지금은 파일을 저장할 수 없습니다" in answer.content.decode()
        opened = client.get(f"/attachments/{kept.pk}/")
        assert opened.status_code == 503
        assert "지금은 파일을 열 수 없습니다" in opened.content.decode()
        settings.STORAGES, settings.PRIVATE_ROOT = reachable
        assert everything() == before
        assert draft.attachments.get() == kept
        assert upload(client, draft, "b").status_code == 302

    def test_readiness_says_whether_files_can_be_reached(
        self, kind: str, store: str, client: Client, settings, tmp_path
    ) -> None:
        assert client.get("/readyz/").json()["files"] is True
        away(kind, settings, tmp_path)
        answer = client.get("/readyz/")
        assert answer.json()["files"] is False
        assert answer.status_code == 200  # filing goes on without files


# --- Of the bucket alone -------------------------------------------------------------------------


class TestBucket:
    @pytest.mark.django_db
    def test_a_file_that_the_store_shows_to_strangers_is_named(self, server, bucket: str) -> None:
        shown, hidden = named(b"shown"), named(b"hidden")
        assert "모두 기록과 같습니다" in verify()
        server.client().put_object_acl(Bucket=bucket, Key=shown.file, ACL="public-read")
        found = verify()
        assert f"{shown.file}: 저장소가 누구에게나 내줍니다" in found
        assert hidden.file not in found

    def test_a_store_that_hangs_is_given_up_and_served_again(
        self, server: ObjectStore, bucket: str, settings, monkeypatch
    ) -> None:
        monkeypatch.setattr(objects, "READ_SECONDS", 1)
        monkeypatch.setattr(objects, "PAUSE_SECONDS", 2)
        use(settings, settings_url(server, bucket))
        files.store_bytes(b"before")
        server.pause()
        try:
            for _ in range(3):
                with pytest.raises(Unavailable):
                    files.store_bytes(b"while")
        finally:
            server.resume()
        servers.wait_until(files.kept_in().answers, what="the store")
        files.store_bytes(b"after")

    def test_nobody_reads_it_without_the_key(self, server: ObjectStore, bucket: str) -> None:
        name = files.store_bytes(b"secret")
        place = f"{server.endpoint}/{bucket}"
        assert requests.get(f"{place}/{name}", timeout=PATIENCE).status_code == 403
        # The check would see a public file.
        server.client().put_object(Bucket=bucket, Key="open", Body=b"1", ACL="public-read")
        assert requests.get(f"{place}/open", timeout=PATIENCE).status_code == 200

    def test_the_store_itself_refuses_a_second_writing(self, server, bucket: str) -> None:
        kept_in, content = files.kept_in(), ContentFile(b"second", "x")
        server.client().put_object(Bucket=bucket, Key=NAME, Body=b"first")
        with pytest.raises(FileExistsError):
            kept_in.write(NAME, content, digest_of(content))
        # Without the condition it would be overwritten.
        server.client().put_object(Bucket=bucket, Key=NAME, Body=b"second")
        with files.open_kept(NAME) as kept:
            assert kept.read() == b"second"

    def test_the_same_content_again_is_a_repeated_call(self, bucket: str) -> None:
        content = ContentFile(b"once", "x")
        for _ in range(2):
            files.kept_in().write(NAME, content, digest_of(content))
        assert files.kept_in().recorded(NAME) == digest_of(content)

    @pytest.mark.django_db
    def test_a_signed_address_is_valid_for_a_minute_and_for_one_file(
        self, server: ObjectStore, bucket: str, settings
    ) -> None:
        use(settings, settings_url(server, bucket), signed=True)
        name = files.store_bytes(b"%PDF-1.7")
        sent = files.serve(name, filename="계획서.pdf", content_type="application/pdf")
        assert (sent.status_code, sent["Cache-Control"]) == (302, "private, no-store")
        assert sent["Referrer-Policy"] == "no-referrer"
        query = parse_qs(urlsplit(sent["Location"]).query)
        assert int(query["X-Amz-Expires"][0]) <= 60
        answer = requests.get(sent["Location"], timeout=PATIENCE)
        assert answer.content == b"%PDF-1.7"
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Cache-Control"] == "private, no-store"
        with pytest.raises(NotFound):
            files.serve(NAME, filename="a.pdf", content_type="application/pdf")
        picture = files.serve(name, filename="a.png", content_type="image/png")
        with closing(picture):
            assert picture.status_code == 200  # pages take pictures from the portal only

    def test_a_missing_bucket_is_no_missing_file(self, server: ObjectStore, settings) -> None:
        use(settings, settings_url(server, "never-made"))
        assert not files.kept_in().answers()
        with pytest.raises(Unavailable):
            files.store_bytes(b"1")

    def test_a_store_that_hangs_up_is_not_asked_again_at_once(self, settings) -> None:
        with hanging_up() as (port, calls):
            use(settings, f"s3://key:secret@bucket?endpoint=http://127.0.0.1:{port}")
            for _ in range(5):
                with pytest.raises(Unavailable):
                    files.store_bytes(b"1")
        assert 1 <= len(calls) <= 2

    def test_no_thread_waits_long_for_it(self, bucket: str) -> None:
        config = files.kept_in().client_config  # type: ignore[attr-defined]
        assert config.connect_timeout <= 1
        assert config.read_timeout <= 10
        assert config.retries["total_max_attempts"] == 2

    def test_a_file_that_breaks_off_while_it_is_read_is_said(
        self, bucket: str, monkeypatch
    ) -> None:
        name = files.store_bytes(bytes(100_000))
        kept_in = files.kept_in()
        with files.open_kept(name) as kept:
            monkeypatch.setattr(kept_in, "read_from", lambda name, offset: io.BytesIO(b"half"))
            assert kept.read(4) == b"half"
            with pytest.raises(Unavailable):
                kept.read(4)


def settings_url(server: ObjectStore, bucket: str) -> str:
    return f"s3://tester:of-the-files@{bucket}?endpoint={server.endpoint}"


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[str]]]:
    """Run a server that closes every connection; yield its port and whom it closed."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, peer = listener.accept()
                except OSError:
                    return
                calls.append(str(peer))
                line.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], calls
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


# --- The address ---------------------------------------------------------------------------------


def test_an_address_is_read() -> None:
    url = "s3://a%2Fb:c%40d@portal-files?endpoint=https://store.example:9000/&region=kr-1"
    assert address.read(url) == address.Bucket(
        "portal-files", "a/b", "c@d", "https://store.example:9000", "kr-1"
    )
    assert address.read("") is None
    assert address.storage(None, signed=False)["BACKEND"].endswith("Folder")


@pytest.mark.parametrize(
    "url",
    [
        "https://key:s3cret@bucket",
        "s3://bucket",
        "s3://key@bucket",
        "s3://key:s3cret@UPPER_CASE",
        "s3://key:s3cret@bucket:9000",
        "s3://key:s3cret@bucket/folder",
        "s3://key:s3cret@bucket?end=https://x",
        "s3://key:s3cret@bucket?endpoint=store:9000",
        "s3://key:s3cret@bucket?region=",
        "s3://key:s3cret@[bucket",
    ],
)
def test_a_wrong_address_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError, match="[가-힣]") as refused:
        address.read(url)
    assert "s3cret" not in str(refused.value)
