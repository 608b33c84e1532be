"""Every citation resolves to an entry of docs/sources.md, and the page's data file lists the same."""

import re
from collections.abc import Iterator, Set
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "docs" / "sources.md"
PAGE = ROOT / "programs" / "catalogue" / "sources.yaml"
SUFFIXES = {".py", ".yaml", ".yml", ".html", ".txt", ".md", ".toml"}
SKIPPED = {"var", "staticfiles", "node_modules", "htmlcov", "test-results"}

ENTRY = re.compile(r'<a id="(\w+)"></a>\*\*(\w+)')
# Facts, assumptions, publications; besides, forms of older documents that no entry can resolve.
CITATION = re.compile(
    r"\b(?:S\d{1,2}|[AP]\d\d)\b|\bdomain \d+\.\d+|(?<![-\w])(?:domain|decisions)\.md\b"
)


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each text file below `root`, without what tools keep there."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in SKIPPED:
            continue
        if path.is_dir():
            yield from texts(path)
        elif path.suffix in SUFFIXES:
            yield path, path.read_text("utf-8")


def citations(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each citation below `root` with its place, such as `("S12", "docs/a.md:3")`."""
    for path, text in texts(root):
        for number, line in enumerate(text.splitlines(), start=1):
            for match in CITATION.finditer(line):
                yield match[0], f"{path.relative_to(root)}:{number}"


def entries(text: str) -> list[str]:
    """List the ids of the entries in the order of the document."""
    return [anchor for anchor, _ in ENTRY.findall(text)]


def unresolved(root: Path, known: Set[str]) -> list[str]:
    """Name each citation below `root` that is none of the `known` ids."""
    return [f"{where}: {cited}" for cited, where in citations(root) if cited not in known]


def listed() -> list[str]:
    """List the ids of the data file in the order of the document."""
    page = yaml.safe_load(PAGE.read_text("utf-8"))
    facts = [row for article in page["articles"] for row in article["facts"]]
    return [row["id"] for row in (*facts, *page["assumptions"], *page["publications"])]


def test_every_citation_resolves() -> None:
    assert unresolved(ROOT, set(entries(SOURCES.read_text("utf-8")))) == []


def test_citations_are_found_in_each_kind_of_file() -> None:
    found = {Path(where.rpartition(":")[0]).suffix for _, where in citations(ROOT)}
    assert {".py", ".yaml", ".html", ".md"} <= found


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize(
    "cited", ["S" + "99", "A" + "99", "P" + "99", "domain" + " 0.12", "domain" + ".md"]
)
def test_a_made_up_citation_is_reported(tmp_path: Path, suffix: str, cited: str) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / f"file{suffix}").write_text(f"known (S1)\nunknown ({cited})\n", "utf-8")
    known = set(entries(SOURCES.read_text("utf-8")))
    assert unresolved(tmp_path, known) == [f"programs/file{suffix}:2: {cited}"]


def test_paper_sizes_cells_and_lint_codes_are_no_citations() -> None:
    assert CITATION.findall("A4, @SUM(A1), S608, S256, MS12, P1, 0051-decisions.md") == []


def test_every_entry_has_one_id_of_its_own() -> None:
    text = SOURCES.read_text("utf-8")
    ids = entries(text)
    assert ids == [label for _, label in ENTRY.findall(text)]
    assert len(ids) == len(set(ids)) == text.count("<a id=")


def test_the_page_lists_the_same_entries_in_the_same_order() -> None:
    assert listed() == entries(SOURCES.read_text("utf-8"))


def test_facts_are_numbered_by_the_lines_of_the_source() -> None:
    assert [name for name in listed() if name[0] == "S"] == [f"S{line}" for line in range(1, 44)]


def test_both_languages_give_the_same_sums() -> None:
    told = dict(re.findall(r"\*\*(S\d+)\*\* (.+)", SOURCES.read_text("utf-8")))
    page = yaml.safe_load(PAGE.read_text("utf-8"))
    sums = re.compile(r"[\d,.]+(?:억|만)?원")
    for article in page["articles"]:
        for row in article["facts"]:
            assert set(sums.findall(row["text"])) == set(sums.findall(told[row["id"]])), row["id"]
