"""What reads uploads and long texts costs time in proportion to their length, whatever they hold."""

import io
import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from applications.rules.assessment.opinions import CONTACTS
from portal.core.errors import BadInput
from portal.uploads.filetypes import content, names, scripts
from portal.uploads.filetypes.budget import Budget
from tests.portal import corpus as made
from vouchers.rules.reports import moderation

SECONDS = 0.004  # of a processor; what takes less at four times the length is not worth measuring
IN_PROPORTION = 6.0  # times the work for four times the input: 4 when linear, 16 when quadratic
MOST = 9.0  # the same, for a busy machine

Build = Callable[[int], object]


def seconds(look: Callable[[object], object], given: object) -> float:
    before = time.process_time()
    look(given)
    return time.process_time() - before


def growth(look: Callable[[object], object], build: Build, length: int) -> float:
    """Return how much more four times the input costs, in the best of some measurements.

    Stops measuring as soon as the answer is "no more than in proportion".
    """
    small, large = build(length), build(4 * length)
    best_small, best_large = float("inf"), float("inf")
    for _ in range(6):
        best_large = min(best_large, seconds(look, large))
        if best_large < SECONDS:
            return 1.0
        best_small = min(best_small, seconds(look, small), seconds(look, small))
        if best_large < IN_PROPORTION * best_small:
            break
    return best_large / best_small


# --- Texts ---------------------------------------------------------------------------------------

PIECES = (
    *("a", ".", "-", "0", " ", "\t", "@", ":", "(", ",", "/", "*", "\\", '"', "'", '\\"', "\\'"),
    *("a@", "a.", "a-", "a@a", "@a.", "0-", "0 ", "01012345678", "/*", "//", "/*/", "가", "@b.c@"),
    *(
        "www.",
        "http://",
        "http",
        "카톡",
        "카톡 ",
        "카톡아이디 ",
        "카톡ID:",
        "라인",
        "vbaProject",
        "<s",
    ),
    *(
        "var ",
        "var a",
        "var a=",
        "function ",
        "function a(",
        ",a",
        " a",
        "a ,",
        "Document.XHwpForm",
    ),
    'var a=Document.XHwpFormA.ItemFromName("',
)
BEFORE = ("", "a@", "카톡ID", "function f(", "function f", "var a", "var ", "a@b.", '"', "/*")
SHAPES = [(first, piece) for first in BEFORE for piece in PIECES]
# with the length of the shorter text, in letters
TEXTS: dict[str, tuple[Callable[[str], object], int]] = {
    "contacts hidden from an assessor": (lambda text: CONTACTS.sub("", text), 4_000),
    "personal data in a report": (moderation.personal_data, 4_000),
    "insults in a report": (lambda text: moderation.insults(text, ["나쁜말"]), 4_000),
    "words shared by two reports": (lambda text: moderation.shared_runs(text, text), 500),
    "a script of Hancom": (scripts.is_idle, 4_000),
    "the name of a file": (names.safe_name, 1_000),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_in_proportion_to_its_length(name):
    look, length = TEXTS[name]
    slow = [
        (first, piece)
        for first, piece in SHAPES
        if growth(look, lambda n, a=first, b=piece: a + b * (n // len(b)), length) > MOST
    ]
    assert not slow


# --- Files ---------------------------------------------------------------------------------------


def between(data: bytes, place: int, piece: bytes, last: bytes = b"") -> Build:
    return lambda n: data[:place] + piece * (n // len(piece)) + last + data[place:]


def in_a_note(piece: bytes) -> Build:
    png = made.picture("PNG")
    return lambda n: png[:33] + made.png_chunk(b"tEXt", piece * (n // len(piece))) + png[33:]


def in_scan(piece: bytes, last: bytes = b"") -> Build:
    picture = made.picture("JPEG")
    return between(picture, picture.index(b"\xff\xda") + 40, piece, last)


def in_pdf(piece: bytes) -> Build:
    return lambda n: made.pdf(b"(" + piece * (n // len(piece)) + b")")


def named(piece: str, count: int = 30) -> Build:
    # The longest names that a container may have, more of them for a longer file.
    return lambda n: made.docx(
        **{f"word__{number}{piece * (900 // len(piece))}": "" for number in range(n * count // 30)}
    )


def broken(piece: bytes) -> Build:
    return lambda n: piece * (n // len(piece))


PICTURE = made.picture("JPEG")
FILES: dict[str, tuple[str, Build, int]] = {
    "fill before a marker": ("jpg", between(PICTURE, 2, b"\xff"), 25_000),
    "fill, then no marker": ("jpg", between(PICTURE, 2, b"\xff", b"\x00"), 5_000),
    "fill in the picture": ("jpg", in_scan(b"\xff", b"\x00"), 5_000),
    "restarts": ("jpg", in_scan(b"\xff\xd0"), 100_000),
    "stuffed": ("jpg", in_scan(b"\xff\x00"), 100_000),
    "segments": ("jpg", between(PICTURE, 2, b"\xff\xe1\x00\x02"), 20_000),
    "markup in a note": ("png", in_a_note(b"<svg"), 400_000),
    "chunks": ("png", between(made.picture("PNG"), 33, made.png_chunk(b"tEXt", b"a\x00")), 200_000),
    "parentheses": ("pdf", in_pdf(b"("), 100_000),
    "dictionaries": ("pdf", in_pdf(b"<<"), 100_000),
    "names": ("pdf", in_pdf(b"/a#41"), 100_000),
    "comments": ("pdf", in_pdf(b"%"), 100_000),
    "streams": ("pdf", in_pdf(b"stream\n"), 100_000),
    "objects": ("pdf", in_pdf(b"1 0 obj\n"), 50_000),
    "references": ("pdf", in_pdf(b"1 0 R "), 100_000),
    "numbers only": ("pdf", broken(b"%PDF-1.7\n1 "), 100_000),
    "tables only": ("pdf", broken(b"%PDF-1.7\nxref\n"), 100_000),
    "macro in a name": ("docx", named("vbaProject"), 20),
    "brackets in a part": (
        "docx",
        lambda n: made.docx(word__styles_dot_xml="<a>" + "<b>" * n),
        20_000,
    ),
    "attributes": (
        "docx",
        lambda n: made.docx(word___rels__a_dot_rels="<a b='" + "c" * n + "'/>"),
        100_000,
    ),
    "script": (
        "hwp",
        lambda n: made.hwp(Scripts__DefaultJScript=made.hancom_script('"' + '\\"' * n)),
        10_000,
    ),
    "container": ("hwp", lambda n: made.ole({"FileHeader": b"\xff" * n}), 400_000),
    "text": ("zip", lambda n: made.zipped({"a.txt": b"\xb0" * n}), 400_000),
}


def judge(extension: str) -> Callable[[object], object]:
    def look(data: object) -> None:
        with suppress(BadInput):
            content.check(io.BytesIO(data), extension, Budget())  # type: ignore[arg-type]

    return look


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_judged_in_proportion_to_its_bytes(name):
    extension, build, length = FILES[name]
    assert growth(judge(extension), build, length) <= MOST


# --- The measurement itself ----------------------------------------------------------------------


def test_the_measurement_finds_what_is_quadratic():
    marker, address = re.compile(rb"\xff+([^\x00\xff])"), re.compile(r"[\w.+-]+@[\w-]+")
    assert growth(marker.search, lambda n: b"\xff" * n + b"\x00", 1_000) > MOST
    assert growth(address.search, lambda n: "a" * n, 1_000) > MOST


def test_the_measurement_finds_what_is_linear():
    look = re.compile(rb"\xff(?:[^\x00\xff])").search
    assert growth(look, lambda n: b"\xff" * n + b"\x00", 200_000) <= MOST
