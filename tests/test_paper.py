"""Every printed document stays within its margins, and no heading or seal stands alone on a page."""

import re
import subprocess
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from portal.paper import pdf
from tests.factories import documents
from tests.factories.documents import DOCUMENTS, Words

pytestmark = pytest.mark.pdf
FOLDER = Path(__file__).parents[1] / "templates" / "pdf"
POINTS = 72 / 25.4  # in a millimetre
LEFT, RIGHT = 20 * POINTS, 190 * POINTS
TOP, BOTTOM = 5 * POINTS, 292 * POINTS  # the running lines stand in the margins
BODY = (15 * POINTS, 279 * POINTS)
SLACK = 0.6  # points that a glyph may lean out of its box
WORD = re.compile(
    r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
)
SEAL = ("중소벤처기업부", "창업진흥원장")


class Word(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    text: str


def printed(name: str, words: Words, many: int, folder: Path) -> list[list[Word]]:
    """Print a document; return the words of each page with their places in points."""
    made = pdf.render(f"pdf/{name}", DOCUMENTS[name](words, many), title=documents.title(words))
    file = folder / "document.pdf"
    file.write_bytes(made.data)
    told = subprocess.run(
        ["pdftotext", "-bbox", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = re.findall(r"<page .*?</page>", told, re.DOTALL)
    assert len(pages) == made.pages
    return [
        [Word(*map(float, found[:4]), unescape(found[4])) for found in WORD.findall(page)]
        for page in pages
    ]


def outside(page: list[Word]) -> list[Word]:
    return [
        word
        for word in page
        if word.left < LEFT - SLACK
        or word.right > RIGHT + SLACK
        or word.top < TOP
        or word.bottom > BOTTOM
    ]


def body_lines(page: list[Word]) -> list[str]:
    """Return the lines between the margins, from the top."""
    lines: dict[int, list[Word]] = {}
    for word in page:
        if word.top > BODY[0] - SLACK and word.bottom < BODY[1] + SLACK:
            lines.setdefault(round(word.bottom), []).append(word)
    return [" ".join(word.text for word in lines[place]) for place in sorted(lines)]


def headings(name: str) -> set[str]:
    """Return the fixed headings of a template."""
    source = (FOLDER / name).read_text("utf-8")
    found = re.findall(r"<h[23][^>]*>(.*?)</h[23]>", source)
    return {re.sub(r"{%.*?%}|{{.*?}}|\s", "", one) for one in found} - {""}


def check_pages(name: str, pages: list[list[Word]]) -> None:
    for number, page in enumerate(pages, start=1):
        where = f"{name}, page {number}"
        assert not outside(page), f"{where}: {outside(page)[:3]}"
        lines = body_lines(page)
        assert lines, where
        assert lines[-1].replace(" ", "") not in headings(name), f"{where} ends with a heading"
        others = [line for line in lines if line not in SEAL and not line.startswith("2021. 3. 4.")]
        assert others, f"{where} holds a seal alone"


def test_every_template_is_printed_here() -> None:
    pages = {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.html")}
    assert {name for name in pages if "/_" not in name} == set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_text_leaves_the_page_however_long_it_is(name: str, tmp_path: Path) -> None:
    """The longest names allowed, of Hangul and of the widest letters, without a place to break."""
    check_pages(name, printed(name, Words("가나W"), 4, tmp_path))


@pytest.mark.parametrize(
    ("name", "lengths"),
    [
        ("applications/notice.html", range(1, 86, 12)),
        ("applications/certificate.html", (6, 11, 12, 13)),
        ("applications/result.html", (2, 4)),
        ("vouchers/certificate.html", (1,)),
    ],
)
def test_no_heading_and_no_seal_stands_alone(
    name: str, lengths: range | tuple[int, ...], tmp_path: Path
) -> None:
    for many in lengths:
        check_pages(name, printed(name, Words("가"), many, tmp_path))
