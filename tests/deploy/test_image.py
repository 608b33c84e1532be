"""The image as far as it can be checked without an engine: what goes in is there, whole and starts."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stack import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORE = (ROOT / ".dockerignore").read_text()
# What a production machine would set; no server is asked.
PRODUCTION = {
    "PORTAL_ORIGIN": "https://portal.example",
    "PORTAL_HOSTS": "portal.example",
    "PORTAL_PROXIES": "1",
    "PORTAL_STATIC_DIR": "/static",
    "DATABASE_URL": "sqlite://:memory:",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp+tls://mail.example:587",
} | {
    f"PORTAL_{name}_KEY": f"{name.lower()}-only-for-a-copy-of-the-image-7Yq2mWv9Lr4Tz8Xc3Nb6Kd1Hs"
    for name in ("SECRET", "TICKET", "OPEN_DATA", "HASH", "MFA")
}


def matches(pattern: str, path: str) -> bool:
    """Tell whether a pattern of .dockerignore is about a path or a folder above it."""
    text = re.escape(pattern.strip("/")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    text = re.sub(r"\\\[([^\]]*)\\\]", r"[\1]", text)
    return re.fullmatch(f"{text}(?:/.*)?", path) is not None


def ignored(path: str, rules: str = IGNORE) -> bool:
    """Tell whether .dockerignore leaves a path out: the last line about it decides."""
    out = False
    for line in rules.splitlines():
        if line and not line.startswith("#") and matches(line.removeprefix("!"), path):
            out = not line.startswith("!")
    return out


def left_in() -> list[str]:
    """Return the files of the project that the image gets."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in listed.stdout.splitlines() if not ignored(path)]


def test_what_the_code_names_by_its_place_is_left_in() -> None:
    code = "".join((ROOT / path).read_text() for path in left_in() if path.endswith(".py"))
    named = set(re.findall(r'BASE_DIR / "([^"]+)"', code)) - {"var", "staticfiles"}
    assert "docs/recompute.py" in named
    assert [path for path in named if ignored(path) or not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("portal/settings.py", False),
        ("tests/run.py", True),
        ("docs/settings.md", True),
        ("portal/core/__pycache__/a.cpython-311.pyc", True),
        (".mypy_cache/x", True),
        (".env", True),
        ("deploy/nginx/portal.conf.template", True),
        ("deploy/kubernetes/web.yaml", True),
        ("deploy/fonts.dpkg", False),
        ("portal/docs.py", False),
        ("vouchers/tests_of_taste.py", False),
    ],
)
def test_reads_dockerignore_as_docker_does(path: str, out: bool) -> None:
    assert ignored(path) is out


def copied() -> list[str]:
    """Return the sources of every COPY."""
    lines = re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_every_source_of_the_image_exists_and_is_not_left_out() -> None:
    assert {"requirements.lock", "deploy/apt-runtime.txt", "."} <= set(copied())
    for source in copied():
        assert (ROOT / source).exists(), source
        assert source == "." or not ignored(source), source
    assert ignored("requirements.lock", IGNORE + "\n*.lock\n")  # a rule too many would be found


def test_the_lists_of_packages_hold_names_alone() -> None:
    for name in re.findall(r"apt-get install [^\n]*< (\S+)", DOCKERFILE):
        rows = (ROOT / "deploy" / name).read_text().splitlines()
        assert rows
        assert [row for row in rows if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", row)] == []


def test_only_wheels_are_installed_where_it_is_tested_and_in_the_image() -> None:
    """So an install on Linux, as in every fresh run, shows that each release of the lock has one."""
    flags = "--only-binary :all: --require-hashes -r"
    assert DOCKERFILE.count(flags) == 1
    assert (ROOT / "Makefile").read_text().count(flags) == 1
    lock = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=\S)", lock.strip())
    bare = [block.split(" ")[0] for block in blocks if "--hash=sha256:" not in block]
    assert bare == []
    assert len(blocks) > 50


def test_nothing_large_or_needless_goes_in() -> None:
    paths = left_in()
    sizes = {path: (ROOT / path).stat().st_size for path in paths}
    assert sum(sizes.values()) < 15 * 1024**2, sorted(sizes, key=sizes.__getitem__)[-5:]
    tops = {path.split("/")[0] for path in paths}
    assert tops & {"tests", "demo", "bench", ".git", ".ci"} == set()
    assert tops >= {"portal", "programs", "applications", "vouchers", "kamp", "templates", "static"}


# --- From a clean copy of what is left in --------------------------------------------------------


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    for path in left_in():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


def started(image: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy, with the variables of production and nothing else."""
    environment = PRODUCTION | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORTAL_DATA_DIR": str(image / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        **more,
    }
    return subprocess.run(
        words, cwd=image, env=environment, capture_output=True, text=True, check=False
    )


ENTRIES = {
    "web": ("python", "-c", "import gunicorn.app.wsgiapp; from portal.wsgi import application"),
    "worker": (
        "python",
        "-c",
        "from portal.celery import app; app.loader.import_default_modules();"
        "from portal.jobs import queue; assert len(queue.kinds()) > 10;"
        "assert {row['task'] for row in app.conf.beat_schedule.values()} <= set(app.tasks)",
    ),
    "check": ("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
    "static": ("python", "manage.py", "collectstatic", "--noinput", "--dry-run"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_point_starts_from_what_is_left_in(image: Path, name: str) -> None:
    done = started(image, *ENTRIES[name])
    assert done.returncode == 0, done.stderr[-3000:]


def test_every_module_of_the_copy_compiles(image: Path) -> None:
    words = (
        "python",
        "-c",
        "import compileall, sys; sys.exit(not compileall.compile_dir('.', quiet=1))",
    )
    done = started(image, *words, PYTHONPYCACHEPREFIX=str(image / "compiled"))
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_folder_that_is_left_out_would_be_missed(image: Path, tmp_path: Path) -> None:
    lacking = tmp_path / "lacking"
    shutil.copytree(image, lacking)
    shutil.rmtree(lacking / "portal/monitoring")
    assert started(lacking, *ENTRIES["check"]).returncode != 0
