"""Every path, function and class that a document names in backticks exists in the project."""

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("portal", "programs", "applications", "vouchers", "kamp", "demo", "bench", "tests")
DOCUMENTS = sorted(
    [
        *ROOT.glob("docs/**/*.md"),
        *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    ]
)
# Settings and what they point to are no paths of the project.
SETTINGS = re.compile(r"[A-Z_]+(/|$)")

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"<\w+>")
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|\.(py|ya?ml|html|txt|css|js|md|toml|lock|template))")
DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
CLASS = re.compile(r"[A-Z][a-z]+([A-Z][a-z0-9]+)*")

Names = Mapping[str, frozenset[str]]


@cache
def files() -> frozenset[str]:
    """Return every file of the project and every folder that holds one, with `/` at the end."""
    skipped = {".git", "var", "staticfiles", "node_modules", "htmlcov", "test-results"}
    found: set[str] = set()
    for path in ROOT.rglob("*"):
        inner = path.relative_to(ROOT)
        if path.is_file() and not skipped & set(inner.parts):
            found.add(inner.as_posix())
            found |= {f"{folder.as_posix()}/" for folder in inner.parents if folder.parts}
    return frozenset(found)


@cache
def names_of(path: str) -> Names:
    """Return the top-level names of a module, each with the names that its class body holds."""
    return {
        name: frozenset(inner for child in getattr(node, "body", ()) for inner in bound(child))
        for node in ast.parse((ROOT / path).read_text("utf-8")).body
        for name in bound(node)
    }


def bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in targets:
        yield from (
            name.id for name in ast.walk(target or ast.Pass()) if isinstance(name, ast.Name)
        )
    if isinstance(node, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name for alias in node.names)


@cache
def modules() -> Mapping[str, tuple[str, ...]]:
    """Return the modules of the project by their last name, such as `filing`."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(files()):
        if path.endswith(".py") and path.startswith(PARTS) and "/migrations/" not in path:
            stem = Path(path).parent.name if path.endswith("__init__.py") else Path(path).stem
            found[stem] = (*found.get(stem, ()), path)
    return found


@cache
def classes() -> Mapping[str, frozenset[str]]:
    """Return every class of the project with the names that its body holds."""
    found: dict[str, frozenset[str]] = {}
    for path in (path for paths in modules().values() for path in paths):
        for name, inner in names_of(path).items():
            found[name] = found.get(name, frozenset()) | inner
    return found


def has_path(token: str) -> bool:
    """Tell whether a path leads somewhere, from the root or from a folder below it.

    `<app>` and `*` stand for any name; at least one file must fit.
    """
    anywhere = "" if token.split("/")[0] in PARTS else "(.*/)?"
    pattern = re.compile(anywhere + re.escape(PLACE.sub("*", token)).replace(r"\*", "[^/]*"))
    return any(pattern.fullmatch(path) for path in files())


def has_name(path: str, name: str) -> bool:
    """Tell whether a module or a file of other text holds a name, such as `Budget.save`."""
    whole = [row for row in files() if row == path or row.endswith(f"/{path}")]
    first, _, rest = name.partition(".")
    for row in whole:
        if not row.endswith(".py") and name in (ROOT / row).read_text("utf-8"):
            return True
        if row.endswith(".py"):
            inner = names_of(row).get(first)
            if inner is not None and (not rest or rest in inner):
                return True
    return False


def has_dotted(token: str) -> bool:
    """Tell whether `module.function`, `app.Model`, `Class.attribute` or a longer name exists."""
    *before, last = token.split(".")
    if before[0] in PARTS and len(before) == 1:
        return last in classes() or has_path(f"{before[0]}/{last}.py")
    if before[0] in PARTS and before[1][0].isupper():
        return last in classes().get(before[1], ())
    if before[0] in PARTS:
        return any(
            has_name(f"{'/'.join(before)}{end}", last) for end in (".py", "/__init__.py")
        ) or has_path(f"{'/'.join([*before, last])}.py")
    if before[0][0].isupper():
        return len(before) == 1 and last in classes().get(before[0], ())
    return any(
        has_name(path, ".".join([*before[1:], last])) for path in modules().get(before[0], ())
    )


def missing(text: str) -> list[str]:
    """List what looks like a path or name of the project in backticks and does not exist."""
    found = []
    for span in SPAN.findall(FENCED.sub("", text)):
        token = span.split("(")[0].removeprefix("manage.py ").strip()
        path, _, name = token.partition("::")
        plain = PLACE.sub("*", path)
        if SETTINGS.match(token):
            continue
        if PATH.fullmatch(plain) and plain not in {".env", "manage.py"}:
            there = has_path(path) and (not name or has_name(path, name))
        elif DOTTED.fullmatch(token):
            there = has_dotted(token)
        else:
            there = not CLASS.fullmatch(token) or token in classes() or hasattr(builtins, token)
        if not there:
            found.append(span)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(path: Path) -> None:
    assert missing(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "portal/jobs/queues.py",
        "portal/doorbell/",
        "rules/doorbell.py",
        "<app>/doorbells.py",
        "programs/catalogue/*.json5.yaml",
        "portal/jobs/queue.py::enqueues",
        "programs/models/ledger.py::Budget.doorbell",
        "programs/catalogue/2021.yaml::doorbell",
        "queue.enqueues",
        "doorbell.enqueue",
        "filing.submits(application, by=user)",
        "portal.clock.now()",
        "portal.Doorbell",
        "kamp.Product.doorbell",
        "Workspace.doorbell",
        "DoorBell",
        "Doorbell",
    ],
)
def test_a_name_that_does_not_exist_is_reported(wrong: str) -> None:
    assert missing(f"See `{wrong}` and `portal/jobs/queue.py`.") == [wrong]


@pytest.mark.parametrize(
    "right",
    [
        "portal/jobs/queue.py",
        "jobs/queue.py",
        "portal/jobs/",
        "<app>/guards.py",
        "tests/<app>/<layer>/test_<subject>.py",
        "*/catalogue/*.yaml",
        "portal/jobs/queue.py::enqueue",
        "programs/models/ledger.py::Budget.available_won",
        "programs/catalogue/2021.yaml::not_closed",
        "queue.enqueue",
        "filing.submit(application, by=user, now=now)",
        "portal.core.clock.now()",
        "programs.Budget",
        "Workspace.quota_bytes",
        "PortalError",
        "Job",
        "False",
        "KeyError",
        "/admin/",
        "make test",
        "redis://:password@host:6379/0",
        "PORTAL_DATA_DIR/private",
    ],
)
def test_what_exists_or_is_no_name_of_ours_is_not_reported(right: str) -> None:
    assert missing(f"See `{right}`.") == []
