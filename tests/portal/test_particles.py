"""Particles follow the last sound of the word before them, in every text of the portal."""

import ast
import re
from pathlib import Path

import pytest

from portal.core.particles import particle, with_particle

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("word", "subject", "object_", "topic", "with_", "by"),
    [
        ("한빛정밀", "이", "을", "은", "과", "로"),
        ("협약", "이", "을", "은", "과", "으로"),
        ("나래", "가", "를", "는", "와", "로"),
        ("‘사업계획서’", "가", "를", "는", "와", "로"),
        ("한빛정밀(주)", "가", "를", "는", "와", "로"),
        ("㈜한빛", "이", "을", "은", "과", "으로"),
        ("한빛㈜", "가", "를", "는", "와", "로"),
        ("김선정 (평가위원)", "이", "을", "은", "과", "으로"),
        ("(없음)", "이", "을", "은", "과", "으로"),
        ("선정안 #1", "이", "을", "은", "과", "로"),
        ("2", "가", "를", "는", "와", "로"),
        ("3", "이", "을", "은", "과", "으로"),
        ("4", "가", "를", "는", "와", "로"),
        ("5", "가", "를", "는", "와", "로"),
        ("6", "이", "을", "은", "과", "으로"),
        ("7", "이", "을", "은", "과", "로"),
        ("8", "이", "을", "은", "과", "로"),
        ("9", "가", "를", "는", "와", "로"),
        ("1,000", "이", "을", "은", "과", "으로"),
        ("1,000,000,000,000", "가", "를", "는", "와", "로"),
        ("MES", "가", "를", "는", "와", "로"),
        ("HTML", "이", "을", "은", "과", "로"),
        ("CRM", "이", "을", "은", "과", "으로"),
        ("PLC", "가", "를", "는", "와", "로"),
        ("robot", "이", "을", "은", "과", "으로"),
        ("Google", "이", "을", "은", "과", "로"),
        ("server", "가", "를", "는", "와", "로"),
        ("Samsung", "이", "을", "은", "과", "으로"),
        ("kim@hanbit.kr", "이", "을", "은", "과", "로"),
        ("50%", "가", "를", "는", "와", "로"),
        ("", "가", "를", "는", "와", "로"),
        ("※", "가", "를", "는", "와", "로"),
    ],
)
def test_the_particle_follows_the_last_sound(
    word: str, subject: str, object_: str, topic: str, with_: str, by: str
) -> None:
    pairs = ("이/가", "을/를", "은/는", "과/와", "으로/로")
    assert tuple(particle(word, pair) for pair in pairs) == (subject, object_, topic, with_, by)


def test_a_word_is_written_with_its_particle() -> None:
    assert with_particle("선정안 #3", "을/를") == "선정안 #3을"
    assert with_particle(4, "이/가") == "4가"


def test_an_unknown_pair_is_a_fault_of_the_code() -> None:
    with pytest.raises(KeyError):
        particle("한빛", "가/이")


UNDECIDED = re.compile(
    r"(?:이|가|을|를|은|는|과|와|아|야)\((?:이|가|을|를|은|는|과|와|아|야)\)|\((?:이|으)\)(?:가|로|나|라|며)"
)
TENTHS = re.compile(r"[0-9]\.[0-9]+억")
FOLDERS = ("applications", "demo", "kamp", "portal", "programs", "vouchers")
SUFFIXES = {".html", ".txt", ".yaml", ".js", ".svg", ".css"}


def _documented(tree: ast.AST) -> set[int]:
    """Return the strings of a module that stand alone: docstrings, which nobody is shown."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def shown_texts() -> list[tuple[str, str]]:
    """Return the place and the text of everything that the portal may show."""
    found = [
        (str(path.relative_to(ROOT)), path.read_text("utf-8"))
        for folder in ("templates", "static", *FOLDERS)
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    ]
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            silent = _documented(tree)
            found += [
                (f"{path.relative_to(ROOT)}:{node.lineno}", node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in silent
            ]
    return found


def test_no_text_leaves_the_particle_to_the_reader() -> None:
    assert [where for where, text in shown_texts() if UNDECIDED.search(text)] == []


def test_no_text_writes_tenths_of_eok() -> None:
    assert [where for where, text in shown_texts() if TENTHS.search(text)] == []


@pytest.mark.parametrize(
    "text", ["한빛이(가)", "협약을(를)", "(으)로", "는(은)", "(이)라", "와(과)"]
)
def test_the_guard_finds_every_undecided_form(text: str) -> None:
    assert UNDECIDED.search(text)
