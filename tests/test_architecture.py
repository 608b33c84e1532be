"""Rules of the architecture: layers, who writes states and ledger entries, templates, migrations."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template import engines

from portal.models import Stateful

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
APPS = ("portal", "programs", "applications", "vouchers", "kamp")
MODULES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py"))
TEXT = {path: path.read_text() for path in MODULES}
CODE = {path: ast.parse(text) for path, text in TEXT.items()}
PAGES = {path: path.read_text() for path in sorted(TEMPLATES.rglob("*.*"))}


def location(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def nodes(*kinds: type, but: tuple[str, ...] = ()) -> Iterator[tuple[Path, ast.AST]]:
    """Yield the nodes of these kinds, except in migrations and the files `but`."""
    for path, tree in CODE.items():
        if str(path.relative_to(ROOT)) not in but and "migrations" not in path.parts:
            yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kinds))


def dotted(node: ast.AST) -> str:
    """Return the dotted name of a node, such as `LedgerEntry.objects.create`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_function_imports() -> None:
    inline = [
        location(path, inner)
        for path, function in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert inline == []


def test_no_signals_and_no_modules_of_leftovers() -> None:
    names = {path.stem for path in MODULES}
    assert names & {"signals", "utils", "helpers", "common", "misc"} == set()
    receivers = [location(p, n) for p, n in nodes(ast.Name) if n.id == "receiver"]
    assert receivers == []
    # Django's hook for what follows every migration installs the guards of the database.
    connected = [
        location(path, call)
        for path, call in nodes(ast.Call, but=("portal/apps.py",))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "connect"
    ]
    assert connected == []


def root(node: ast.AST) -> str:
    """Return the first name of a chain such as `Partner.objects.filter(..).update`."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


# Models with a `state` but without a transition table; only services write it.
PLAIN_STATE = {model.__name__ for model in apps.get_models() if not issubclass(model, Stateful)}


def writes_state(node: ast.AST, *, in_service: bool = False) -> bool:
    """Detect an assignment to `.state`, `setattr(.., "state", ..)` or `.update(state=..)`."""
    if isinstance(node, ast.Call):
        if dotted(node.func) == "setattr":
            return isinstance(node.args[1], ast.Constant) and node.args[1].value == "state"
        return (
            isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and any(word.arg == "state" for word in node.keywords)
            and not (in_service and root(node.func) in PLAIN_STATE)
        )
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Attribute) and each.attr == "state" for each in targets)


def test_only_the_workflow_writes_a_state() -> None:
    # Jobs and notices have a plain state without a transition table.
    writers = ("portal/records/workflow.py", "portal/jobs/queue.py", "portal/notices/outbox.py")
    kinds = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Call)
    written = [
        location(path, node)
        for path, node in nodes(*kinds, but=writers)
        if writes_state(node, in_service="services" in path.parts)
    ]
    assert written == []


def test_each_way_to_write_a_state_is_detected() -> None:
    ways = ("a.state = 1", "setattr(a, 'state', 1)", "rows.update(state=1)", "a.state += 1")
    for way in ways:
        assert any(
            writes_state(node)
            for node in ast.walk(ast.parse(way))
            if isinstance(node, ast.Assign | ast.AugAssign | ast.Call)
        ), way


def test_only_the_ledger_makes_ledger_entries() -> None:
    makers = re.compile(
        r"(^|\.)LedgerEntry(\.objects\.(\w*create|\w*save)\w*)?$|\.entries\.\w*(create|add)"
    )
    outside = [
        location(path, call)
        for path, call in nodes(ast.Call, but=("programs/services/ledger.py",))
        if makers.search(dotted(call.func))
    ]
    assert outside == []


def test_services_take_no_request_and_send_no_mail() -> None:
    services = [path for path in MODULES if "services" in path.parts]
    assert services
    for path in services:
        words = {node.arg for node in ast.walk(CODE[path]) if isinstance(node, ast.arg)}
        assert "request" not in words, path
        assert "django.core.mail" not in TEXT[path], path


def test_every_module_has_a_docstring() -> None:
    without = [
        str(path.relative_to(ROOT))
        for path, tree in CODE.items()
        if "migrations" not in path.parts and not ast.get_docstring(tree) and TEXT[path].strip()
    ]
    assert without == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    output = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=output)
    except SystemExit:
        pytest.fail(output.getvalue())


# --- Templates -----------------------------------------------------------------------------------

BY_DJANGO = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}


def overridden(name: str) -> bool:
    """Tell whether this template replaces one of a package."""
    folders = [Path(str(folder)) for folder in engines["django"].template_dirs]
    return any((folder / name).exists() for folder in folders if folder != TEMPLATES)


def used(name: str, code: str, pages: str) -> bool:
    """Tell whether a template is used by name, as a component, as a notice, or by Django."""
    if name in BY_DJANGO or f'"{name}"' in code or f'"{name}"' in pages or overridden(name):
        return True
    chosen, stem = name.rpartition("/")[0], Path(name).stem
    if f'f"{chosen}/{{' in code and re.search(rf"[\"']{stem}[\"']", code):
        return True
    folder, _, rest = name.partition("/")
    if folder == "components":
        return re.search(rf"{{%\s*{rest.removesuffix('.html')}\s", pages) is not None
    if folder == "emails":
        return f'"{re.sub(r".(subject|body).txt$", "", rest)}"' in code
    if folder == "admin" and rest.count("/") == 2:
        app, model, _ = rest.split("/")
        return app in apps.app_configs and model in apps.all_models[app]
    return False


def test_every_template_is_used() -> None:
    code = "\n".join(TEXT.values())
    pages = "\n".join(PAGES.values())
    names = [str(path.relative_to(TEMPLATES)) for path in PAGES]
    assert [name for name in names if not used(name, code, pages)] == []


PICTURE = re.compile(r"<img\b[^>]*>", re.I)
SIDES = (" width=", " height=")


def test_every_picture_states_its_size() -> None:
    """One that comes late without it moves what is below, and somebody presses the wrong button."""
    written = "".join(text for path, text in (PAGES | TEXT).items() if "pdf" not in path.parts)
    pictures = PICTURE.findall(written)
    assert pictures
    assert [tag for tag in pictures if not all(side in tag for side in SIDES)] == []


INLINE = {
    "script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)", re.I),
    "style element": re.compile(r"<style\b", re.I),
    "style attribute": re.compile(r"\sstyle\s*=", re.I),
    "event attribute": re.compile(r"<[^>]*\son(click|change|load|submit|input|key\w+)\s*=", re.I),
    "javascript address": re.compile(r"javascript:", re.I),
    "foreign host": re.compile(
        r"<(?:script|img|link|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", re.I
    ),
}


def test_pages_have_no_inline_script_or_style_and_load_nothing_foreign() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path, text in PAGES.items()
        if path.suffix == ".html" and "pdf" not in path.parts
        for what, pattern in INLINE.items()
        if pattern.search(text)
    ]
    assert found == []
