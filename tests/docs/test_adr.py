"""Decision records are numbered, dated, indexed, and what supersedes one exists."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
HEAD = re.compile(
    r"# (?P<number>\d{4})\. (?P<title>.+)\n\n"
    r"- Date: (?P<date>\d{4}-\d\d-\d\d)(?: \(revised \d{4}-\d\d-\d\d\))?\n"
    r"- Status: (?P<status>accepted|superseded by \[(?P<later>\d{4})\]\(\S+\))\n\n"
    r"## Context\n\n.+\n\n## Decision\n\n.+\n\n## Consequences\n\n.+\n"
)


def dead_links(path: Path) -> list[str]:
    """Name each relative link of a document that leads to no file."""
    links = re.findall(r"\]\((?!https?:|/)([^)#\s]+)", path.read_text("utf-8"))
    return [link for link in links if not (path.parent / link).exists()]


def test_records_have_number_title_date_status_and_the_three_parts() -> None:
    assert RECORDS
    for place, path in enumerate(RECORDS, start=1):
        head = HEAD.fullmatch(path.read_text("utf-8"))
        assert head, path.name
        assert path.name.startswith(f"{place:04d}-")
        assert head["number"] == f"{place:04d}"
        if head["later"]:
            assert head["number"] < head["later"] <= f"{len(RECORDS):04d}"


def test_the_index_lists_each_record_with_title_date_and_status() -> None:
    index = (FOLDER / "README.md").read_text("utf-8")
    for path in RECORDS:
        head = HEAD.fullmatch(path.read_text("utf-8"))
        row = "| [{number}]({name}) | {title} | {date} | {status} |"
        assert row.format(name=path.name, **head.groupdict()) in index
    assert index.count("| [0") == len(RECORDS)


def test_links_between_the_documents_lead_to_files(tmp_path: Path) -> None:
    documents = [*FOLDER.glob("*.md"), *FOLDER.parent.glob("*.md"), FOLDER.parents[1] / "README.md"]
    assert [link for path in documents for link in dead_links(path)] == []
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [gone](gone.md#part) [web](https://example.com/)", "utf-8")
    assert dead_links(page) == ["gone.md"]
