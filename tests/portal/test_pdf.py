"""The PDF engine: Korean documents, the same bytes twice, no network, and limits that hold."""

import concurrent.futures
import hashlib
import io
import json
import multiprocessing
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pypdf
import pytest
from django.conf import settings as portal_settings
from django.template import engines

from portal.core.errors import PortalError, Unavailable
from portal.paper import pdf
from portal.paper.pdf import PdfFailed
from portal.templatetags.values import keep_words

pytestmark = pytest.mark.pdf
LINES = ("주식회사 한빛정밀", "보급ㆍ확산", "200,000,000원", "똠방각하 펲시콜라 쀍")


def page(body: str) -> str:
    return f'<html lang="ko"><head><title>시험</title></head><body>{body}</body></html>'


def text_of(document: pdf.RenderedPdf) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pages = pypdf.PdfReader(io.BytesIO(document.data)).pages
        return "\n".join(one.extract_text() for one in pages)


def forget_engine() -> None:
    pdf._stop()
    pdf._probe.cache_clear()


@pytest.fixture(autouse=True, scope="module")
def one_engine_for_the_chapter():
    yield
    forget_engine()


@pytest.fixture
def own_engine():
    """Begin and end without an engine: the next one sees the environment of this test."""
    forget_engine()
    yield
    forget_engine()


@pytest.fixture
def canary():
    """A listener on the loopback address; gives its port and the requests that reached it."""
    hits: list[bytes] = []

    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            hits.append(self.request.recv(200))
            self.request.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/css\r\n\r\nCANARY")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1], hits
        server.shutdown()


# --- The document --------------------------------------------------------------------------------


@pytest.fixture
def receipt(settings, tmp_path):
    """A template on the base of every document, with every piece it offers."""
    (tmp_path / "receipt.html").write_text(
        """{% extends "pdf/base.html" %}{% block body %}
        <table class="summary"><caption>접수 내용</caption>
        {% for line in lines %}<tr><th scope="row">항목</th><td>{{ line|keep_words }}</td></tr>
        {% endfor %}</table>
        <table class="grid"><caption>서류</caption>
        <thead><tr><th scope="col">서류이름</th></tr></thead>
        <tbody>{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}</tbody></table>
        <p class="hash">{{ sha256 }}</p><div class="verify">{{ qr }}<div>진위 확인</div></div>
        {% endblock %}"""
    )
    settings.TEMPLATES = [
        {**one, "DIRS": [*one["DIRS"], tmp_path]} for one in portal_settings.TEMPLATES
    ]

    def render(rows: int = 3, **context):
        context = {
            "document_number": "2021-구축-1차-000123",
            "issued": "2021. 2. 16.",
            "lines": LINES,
            "rows": range(rows),
            "sha256": "ab" * 32,
            "qr": pdf.qr_svg("https://example.kr/receipts/2021-구축-1차-000123"),
            **context,
        }
        return pdf.render("receipt.html", context, title="접수증")

    return render


def test_the_korean_text_can_be_read_back(receipt):
    text = text_of(receipt())
    for line in (*LINES, "접수증", "2021-구축-1차-000123", "ab" * 32, "1 / 1쪽"):
        assert line in text.replace("\u2060", "")


def test_the_result_names_its_hash_and_its_pages(receipt):
    document = receipt(rows=120)
    assert document.data.startswith(b"%PDF-1.7")
    assert document.sha256 == hashlib.sha256(document.data).hexdigest()
    assert document.pages == len(pypdf.PdfReader(io.BytesIO(document.data)).pages) > 2


def test_the_head_of_a_table_comes_again_on_every_page_it_reaches(receipt):
    document = receipt(rows=120)
    assert text_of(document).count("서류이름") >= document.pages - 1


def test_the_document_is_tagged_titled_and_says_its_language(receipt):
    reader = pypdf.PdfReader(io.BytesIO(receipt().data))
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "ko"
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/ViewerPreferences"]["/DisplayDocTitle"].value
    assert reader.metadata.title == "접수증"
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_every_font_is_korean_and_embedded(receipt):
    fonts = set()
    for one in pypdf.PdfReader(io.BytesIO(receipt().data)).pages:
        for font in one["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            fonts.add(inner["/BaseFont"].partition("+")[2])
            assert "/FontFile2" in inner["/FontDescriptor"].get_object()
    assert fonts == {"NanumGothic", "NanumGothic-Bold", "NanumMyeongjo-Bold", "NanumGothicCoding"}


def test_the_same_page_gives_the_same_bytes_also_from_another_engine(receipt):
    first = receipt()
    assert receipt().data == first.data
    pdf._stop()
    assert receipt().data == first.data
    assert receipt(issued="2021. 2. 17.").sha256 != first.sha256


def test_what_a_person_typed_stays_text(receipt):
    typed = '<script>x</script><img src="file:///etc/passwd">'
    assert typed in text_of(receipt(lines=[typed])).replace("\n", "")


def test_a_qr_code_is_one_inline_path_that_needs_no_escape():
    drawing = pdf.qr_svg('"><script>alert(1)</script>')
    assert drawing.startswith("<svg ")
    assert drawing.count("<") == 3  # svg, path, /svg
    assert "script" not in drawing
    assert engines["django"].from_string("{{ qr }}").render({"qr": drawing}) == drawing


# --- Nothing is fetched --------------------------------------------------------------------------

FETCHES = [
    '<img src="{url}/a.png">',
    '<img srcset="{url}/a.png 2x" src="{url}/b.png">',
    '<link rel="stylesheet" href="{url}/a.css">',
    '<link rel="attachment" href="{url}/a.txt">',
    '<a rel="attachment" href="{url}/a.txt">x</a>',
    '<style>@import "{url}/a.css";</style>',
    "<style>@import url({url}/a.css);</style>",
    "<style>body {{ background: url({url}/a.png) }}</style>",
    "<style>li {{ list-style-image: url({url}/a.png) }}</style><li>x",
    '<p style="content: url({url}/a.png)">x</p><style>p::after {{ content: url({url}/b) }}</style>',
    "<style>@font-face {{ font-family: X; src: url({url}/a.ttf) }} p {{ font-family: X }}</style><p>x",
    "<style>@color-profile --x {{ src: url({url}/a.icc) }}</style>",
    "<style>@page {{ background: url({url}/a.png) }}</style>",
    "<style>p {{ cursor: url({url}/c); mask: url({url}/m); border-image: url({url}/i) 1 }}</style><p>x",
    '<object data="{url}/a.svg"></object>',
    '<embed src="{url}/a.svg">',
    '<iframe src="{url}/a.html"></iframe>',
    '<base href="{url}/"><img src="a.png"><link rel="attachment" href="a.txt">',
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{url}/a.png"'
    ' width="9" height="9"/><use xlink:href="{url}/a.svg#x"/></svg>',
    '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E'
    '%3Cimage href=%22{url}/a.png%22/%3E%3C/svg%3E">',
    '<meta http-equiv="refresh" content="0; url={url}/a">',
    '<img src="{url}/../a.png"><img src="{url}/%2e%2e/a.png">',
]
SECRET = "CANARY-7f3a"


@pytest.mark.parametrize("fetch", FETCHES, ids=range(len(FETCHES)))
def test_nothing_is_called_and_nothing_is_read(fetch, canary, tmp_path):
    port, hits = canary
    for name in ("a.png", "a.txt", "a.css", "a.svg", "b.png"):
        (tmp_path / name).write_text(SECRET)
    places = (
        f"http://127.0.0.1:{port}",
        f"//127.0.0.1:{port}",
        f"ftp://127.0.0.1:{port}",
        f"file://{tmp_path}",
        f"file://localhost{tmp_path}",
        f"FILE:{tmp_path}",
        str(tmp_path),
    )
    printed = []
    for place in places:
        # A broken reference in a style sheet may end the document; it may not be followed.
        with suppress(PdfFailed):
            printed.append(pdf.print_html(page(fetch.format(url=place) + "<p>끝")))
    assert hits == []
    assert len(printed) > 0 or "@color-profile" in fetch
    for document in printed:
        assert "끝" in text_of(document)
        assert_holds_no_secret(document)


def assert_holds_no_secret(document: pdf.RenderedPdf) -> None:
    reader = pypdf.PdfReader(io.BytesIO(document.data))
    assert not reader.attachments
    assert SECRET not in text_of(document)
    for number in range(1, len(reader.xref_objStm) + len(reader.xref.get(0, {})) + 1):
        found = reader.get_object(number)
        if isinstance(found, pypdf.generic.StreamObject):
            assert SECRET.encode() not in found.get_data()


def test_the_listener_would_have_noticed(canary):
    """The control: the bare library does call it."""
    port, hits = canary
    code = f"""
import weasyprint
weasyprint.HTML(string='<img src="http://127.0.0.1:{port}/a.png">').write_pdf()
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert len(hits) == 1


def test_a_picture_inside_the_document_is_drawn():
    dot = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
        "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    document = pdf.print_html(page(f'<img alt="점" src="{dot}">'))
    assert list(pypdf.PdfReader(io.BytesIO(document.data)).pages[0].images)


def test_the_engine_knows_no_secret_of_the_portal(own_engine, monkeypatch):
    monkeypatch.setenv("PORTAL_SECRET_KEY", SECRET)
    monkeypatch.setenv("DATABASE_URL", SECRET)
    pdf.print_html(page("<p>가"))
    environment = Path(f"/proc/{pdf._engine.process.pid}/environ").read_bytes()
    assert SECRET.encode() not in environment
    assert b"DATABASE_URL" not in environment


def test_the_engine_stands_in_a_network_of_its_own_where_the_kernel_allows_it():
    """A second wall behind the fetcher; a container may forbid it."""
    allowed = any(
        subprocess.run(["unshare", flags, "true"], capture_output=True).returncode == 0
        for flags in ("-n", "-Un")
    )
    pdf.print_html(page("<p>가"))
    theirs = os.readlink(f"/proc/{pdf._engine.process.pid}/ns/net")
    assert (theirs != os.readlink("/proc/self/ns/net")) == allowed


# --- Limits --------------------------------------------------------------------------------------

HUGE = "<table>" + "<tr><td>가나다<td>라마바<td>사아자</tr>" * 10_000 + "</table>"
SHORT = page("<p>짧은 문서")


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_document_without_end_is_killed_in_time_and_the_next_one_comes(settings):
    pdf.print_html(SHORT)
    engine = pdf._engine.process.pid
    settings.PDF_SECONDS = 3
    start = time.monotonic()
    with pytest.raises(PdfFailed) as failed:
        pdf.print_html(page(HUGE))
    assert failed.value.code == "pdf_time"
    assert time.monotonic() - start < 5
    assert not is_there(engine)
    settings.PDF_SECONDS = 30
    assert "짧은 문서" in text_of(pdf.print_html(SHORT))


def test_a_document_that_eats_memory_is_refused_and_the_next_one_comes(own_engine, settings):
    settings.PDF_MEMORY_BYTES = 340 * 1024**2
    with pytest.raises(PdfFailed) as failed:
        pdf.print_html(page(HUGE))
    assert failed.value.code == "pdf_memory"
    assert "짧은 문서" in text_of(pdf.print_html(SHORT))


def test_deep_nesting_is_an_error_and_not_the_end():
    with pytest.raises(PortalError) as failed:
        pdf.print_html(page("<div>" * 3_000))
    assert failed.value.code.startswith("pdf_")
    assert "짧은 문서" in text_of(pdf.print_html(SHORT))


def test_a_document_larger_than_allowed_is_refused(monkeypatch):
    monkeypatch.setattr(pdf, "LARGEST", 2_000)
    with pytest.raises(PdfFailed) as failed:
        pdf.print_html(page("<p>가나다라마바사아자차카타파하" * 50))
    assert failed.value.code == "pdf_size"


def test_an_engine_killed_at_work_fails_one_document_and_the_next_one_comes():
    pdf.print_html(SHORT)
    killer = threading.Timer(0.5, os.kill, (pdf._engine.process.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(PdfFailed) as failed:
        pdf.print_html(page(HUGE))
    killer.join()
    assert failed.value.code == "pdf_crash"
    assert "짧은 문서" in text_of(pdf.print_html(SHORT))


def test_a_worn_engine_is_replaced_without_a_lost_document(own_engine):
    start = page("<table>" + "<tr><td>가나다<td>라마바</tr>" * 10)
    engines, documents = set(), []
    for size in (1, 250, 1):
        documents.append(pdf.print_html(start + "<tr><td>가나다<td>라마바</tr>" * size * 8))
        engines.add(pdf._engine and pdf._engine.process.pid)
    assert [document.pages > 20 for document in documents] == [False, True, False]
    assert documents[0].data == documents[2].data
    assert len(engines) == 3  # None stands for the one that was let go


def test_an_engine_that_died_while_idle_is_replaced():
    pdf.print_html(SHORT)
    os.kill(pdf._engine.process.pid, signal.SIGKILL)
    while pdf._engine.alive():
        time.sleep(0.01)
    assert "짧은 문서" in text_of(pdf.print_html(SHORT))


def test_a_busy_machine_says_so_instead_of_hanging(settings):
    settings.PDF_SECONDS = 1
    holders = [path.open("rb") for path in pdf.SLOTS]
    patience = time.monotonic() + 60  # another worker of this very run may be printing
    for file in holders:
        while not pdf._locked(file.fileno()):
            assert time.monotonic() < patience
            time.sleep(0.05)
    start = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        pdf.print_html(SHORT)
    assert refused.value.code == "pdf_busy"
    assert time.monotonic() - start < 4
    for file in holders:
        file.close()
    settings.PDF_SECONDS = 30
    assert pdf.print_html(SHORT).pages == 1


def test_the_engine_goes_when_its_process_is_killed():
    code = """
import os, signal
from django.conf import settings
settings.configure(PDF_SECONDS=60, PDF_MEMORY_BYTES=1024**3)
from portal.paper import pdf
pdf.print_html("<p>x")
print(pdf._engine.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    end = time.monotonic() + 5
    while is_there(int(answer)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_there(int(answer))


# --- Threads and processes -----------------------------------------------------------------------


def test_many_threads_share_one_engine():
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        documents = list(pool.map(lambda n: pdf.print_html(page(f"<p>문서 {n}번")), range(12)))
    assert [f"문서 {n}번" in text_of(one) for n, one in enumerate(documents)] == [True] * 12


def test_the_thread_that_started_the_engine_may_end():
    thread = threading.Thread(target=pdf.print_html, args=(SHORT,))
    thread.start()
    thread.join()
    engine = pdf._engine.process.pid
    assert pdf.print_html(SHORT).pages == 1
    assert pdf._engine.process.pid == engine


def print_in_a_fork(number: int) -> tuple[int, str]:
    document = pdf.print_html(page(f"<p>문서 {number}번"))
    return pdf._engine.process.pid, text_of(document)


def test_a_forked_worker_prints_with_an_engine_of_its_own():
    """As in a prefork Celery worker: daemonic children that may start no multiprocessing child."""
    pdf.print_html(SHORT)
    ours = pdf._engine.process.pid
    with multiprocessing.get_context("fork").Pool(2) as pool:
        answers = pool.map(print_in_a_fork, range(4), chunksize=1)
    assert all(f"문서 {number}번" in text for number, (_, text) in enumerate(answers))
    assert ours not in {engine for engine, _ in answers}
    assert pdf._engine.process.pid == ours
    assert pdf.print_html(SHORT).pages == 1


# --- Rare letters --------------------------------------------------------------------------------

RARE = {
    "한자": "龘㐂堃𠮷𣅃𡈽𪚥𫝀葛󠄀金",
    "옛한글": "ᄒᆞᆫ글 ᄊᆞ미 ᅟᅡ ᄀᅠ ㅿㆆㆍ",
    "그림 글자": "👩‍🔬🫠❤️👨🏽‍👩🏻‍👧‍👦🇰🇷1️⃣☎😀",
    "기호": "㈜℃㎡①Ⅳ₩￦…—·",
}
RARE_FONTS = (
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "truetype/hanazono/HanaMinB.ttf",
    "truetype/noto/NotoColorEmoji.ttf",
)


UNKNOWN = "\U000f1234"  # of no font
BOXES = """
import json, logging, sys
sys.modules["lxml"] = None
import weasyprint
told = []
logging.getLogger("weasyprint").addHandler(type("Told", (logging.Handler,), {"emit": lambda self, row: told.append(row.getMessage())})())
found = []
for html in json.load(sys.stdin):
    told.clear()
    weasyprint.HTML(string=html).write_pdf()
    found.append([line for line in told if ".notdef" in line])
print(json.dumps(found))
"""  # fmt: skip


def test_rare_letters_of_names_are_drawn_on_paper():
    lacking = [name for name in RARE_FONTS if not (Path("/usr/share/fonts") / name).exists()]
    if lacking:
        pytest.skip(f"fonts are not installed: {', '.join(lacking)}")
    template = engines["django"].from_string(
        '{% extends "pdf/base.html" %}{% block body %}<p>{{ words|keep_words }}</p>'
        '<p class="hash">{{ words }}</p>{% endblock %}'
    )
    pages = [
        template.render({"title": words, "words": words}) for words in (*RARE.values(), UNKNOWN)
    ]
    told = subprocess.run(
        [sys.executable, "-c", BOXES],
        input=json.dumps(pages),
        capture_output=True,
        text=True,
        check=True,
    )
    *drawn, unknown = json.loads(told.stdout)
    assert dict(zip(RARE, drawn, strict=True)) == {kind: [] for kind in RARE}
    assert unknown


def test_plain_letters_and_digits_are_not_drawn_by_the_fonts_of_rare_ones(receipt):
    fonts: set[str] = set()
    for one in pypdf.PdfReader(io.BytesIO(receipt().data)).pages:
        for font in one["/Resources"]["/Font"].values():
            fonts.add(str(font.get_object()["/BaseFont"]).partition("+")[2])
    assert fonts
    assert {name for name in fonts if not name.startswith("Nanum")} == set()


def test_old_hangul_is_marked_for_a_font_that_joins_its_letters():
    marked = keep_words("ᄒᆞᆫ글 <b>")
    assert marked == '<span class="old-hangul">ᄒᆞᆫ</span>글 &lt;b&gt;'


def test_a_document_with_rare_letters_keeps_within_its_limits(receipt):
    document = receipt(lines=list(RARE.values()))
    assert document.pages == 1
    assert "㈜℃㎡" in text_of(document).replace("\u2060", "")


# --- Missing parts -------------------------------------------------------------------------------


@pytest.fixture
def broken_pango(own_engine, monkeypatch, tmp_path):
    """A loader that finds an empty file under the library's name first."""
    (tmp_path / "libpango-1.0.so.0").write_bytes(b"")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))


@pytest.fixture
def no_fonts(own_engine, monkeypatch, tmp_path):
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><dir>{tmp_path}</dir></fontconfig>")
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))


def test_everything_is_there():
    assert pdf.available()
    assert pdf.missing_packages() == []
    assert pdf.check_pdf() == []


def test_a_missing_library_is_named_and_documents_are_unavailable(broken_pango):
    assert not pdf.available()
    assert "libpango-1.0-0" in pdf.missing_packages()
    with pytest.raises(Unavailable) as refused:
        pdf.print_html(SHORT)
    assert refused.value.code == "pdf_unavailable"


def test_without_a_korean_font_there_is_no_document_rather_than_boxes(no_fonts):
    assert pdf.missing_packages() == ["fonts-nanum"]
    with pytest.raises(Unavailable):
        pdf.print_html(SHORT)


def test_the_check_gives_the_one_line_to_run(broken_pango):
    (warning,) = pdf.check_pdf()
    assert "libpango-1.0-0" in warning.msg
    assert warning.hint == (
        "apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-nanum"
    )


def test_an_engine_that_cannot_start_is_unavailable_even_when_the_probe_saw_nothing(broken_pango):
    with pytest.raises(Unavailable) as refused:
        pdf._start()
    assert refused.value.code == "pdf_unavailable"


def test_what_was_missing_is_found_after_it_was_installed(monkeypatch, broken_pango):
    assert not pdf.available()
    monkeypatch.delenv("LD_LIBRARY_PATH")
    assert not pdf.available()
    minute = time.monotonic() + 60
    monkeypatch.setattr(pdf.time, "monotonic", lambda: minute)
    assert pdf.available()


def test_the_portal_itself_never_loads_the_library():
    code = """
import sys
from django.conf import settings
settings.configure(PDF_SECONDS=60, PDF_MEMORY_BYTES=1024**3)
from portal.paper import pdf
assert pdf.print_html("<p>x").pages == 1
assert "weasyprint" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
