"""The process that judges uploads: limited, apart, and replaced when it dies."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms

from portal.core.errors import BadInput, Unavailable
from portal.uploads import files, judge
from tests.portal import corpus as made


@pytest.fixture
def own_engine() -> Iterator[None]:
    """An engine for this test alone."""
    judge._stop()
    yield
    judge._stop()


def code_of(data: bytes, extension: str) -> str:
    try:
        judge.check(io.BytesIO(data), extension)
    except (BadInput, Unavailable) as refused:
        return refused.code
    return ""


def engine_pid() -> int:
    assert code_of(made.pdf(), "pdf") == ""
    return judge._engine.process.pid


def test_uploads_are_judged_outside_this_process():
    libraries = "import portal.uploads.files, sys; print({'pikepdf', 'olefile'} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {libraries}"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "set()"


def test_a_file_that_needs_too_much_memory_is_refused_and_the_next_one_is_judged(
    own_engine, monkeypatch
):
    monkeypatch.setattr(judge, "MEMORY", 72 * 1024**2)
    big = made.zipped({"a.txt": os.urandom(9_000_000).hex()})
    assert code_of(big, "zip") == "file_unsafe"
    assert code_of(made.pdf(), "pdf") == ""


def test_a_file_that_needs_too_much_time_is_refused_and_the_next_one_is_judged(
    own_engine, monkeypatch
):
    monkeypatch.setattr(judge, "CPU_SECONDS", 0)
    blank = saved(Image.new("RGB", (6_000, 6_000)), "JPEG", quality=1)
    costly = made.zipped({f"{number}.jpg": blank for number in range(13)})
    assert code_of(costly, "zip") == "file_unsafe"
    assert code_of(made.pdf(), "pdf") == ""


def test_an_engine_that_died_is_replaced(own_engine):
    first = engine_pid()
    os.kill(first, signal.SIGKILL)
    judge._engine.process.wait()
    assert engine_pid() != first


def test_who_waits_too_long_is_told_to_come_back(own_engine, monkeypatch):
    monkeypatch.setattr(judge, "SECONDS", 1)
    os.kill(engine_pid(), signal.SIGSTOP)
    assert code_of(made.pdf(), "pdf") == "uploads_busy"


def test_a_lasting_fault_is_said(own_engine, monkeypatch):
    monkeypatch.setattr(judge, "ENGINE", judge.ENGINE.with_name("missing.py"))
    assert code_of(made.pdf(), "pdf") == "uploads_unavailable"


def test_several_people_are_served_at_once():
    codes: list[str] = []
    threads = [
        Thread(target=lambda: codes.append(code_of(made.picture("PNG"), "png"))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [""] * 6


def test_the_engine_ends_with_the_portal():
    code = """
import io, os
from portal.core.errors import BadInput
from portal.uploads import judge
try:
    judge.check(io.BytesIO(b"PK\\x05\\x06" + bytes(18)), "zip")
except BadInput:
    print(judge._engine.process.pid, flush=True)
os._exit(0)  # as when it is killed: nothing is tidied up
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    pid = int(answer.stdout)
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            break
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{pid}")


# --- Pictures drawn anew -------------------------------------------------------------------------


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def drawn(name: str, data: bytes, **options) -> Image.Image:
    upload = SimpleUploadedFile(name, data)
    made_anew = files.redraw(upload, allowed=("jpg", "png"), **{"longest": 100, **options})
    image = Image.open(io.BytesIO(made_anew.data))
    assert image.size == (made_anew.width, made_anew.height)
    image.load()
    return image


def ramp(mode: str) -> Image.Image:
    """A picture of 64 columns from black to white, in 16 bits or in 8."""
    grey = Image.linear_gradient("L").rotate(90).resize((64, 8))
    if mode == "I;16":
        wide = grey.convert("I").point(lambda value: value * 257)
        return wide.convert("I;16")
    return grey.convert(mode)


SHADES = {
    "sixteen.png": lambda: saved(ramp("I;16"), "PNG"),
    "grey.png": lambda: saved(ramp("L"), "PNG"),
    "bright.png": lambda: saved(ramp("RGB"), "PNG"),
    "palette.png": lambda: saved(ramp("P"), "PNG"),
    "grey.jpg": lambda: saved(ramp("L"), "JPEG", quality=95),
    "print.jpg": lambda: saved(ramp("RGB").convert("CMYK"), "JPEG", quality=95),
    "settings.jpg": lambda: made.with_segment(
        saved(ramp("RGB"), "JPEG", quality=95), 0xED, made.printer_settings()
    ),
    "profile.jpg": lambda: saved(
        ramp("RGB"),
        "JPEG",
        quality=95,
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ),
}


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("name", SHADES)
def test_no_shade_is_cut_whatever_the_depth(name, flat):
    shades = drawn(name, SHADES[name](), flat=flat).convert("L")
    row = [shades.getpixel((column, 4)) for column in range(64)]
    assert row[0] < 40
    assert row[-1] > 215
    assert all(abs(here - 4 * column) < 24 for column, here in enumerate(row))


def test_what_is_transparent_stays_so_or_becomes_white():
    clear = saved(Image.new("RGBA", (8, 8), (10, 20, 30, 0)), "PNG")
    assert drawn("clear.png", clear).getpixel((0, 0))[3] == 0
    assert drawn("clear.png", clear, flat=True).getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_is_turned_upright_and_made_smaller():
    exif = Image.Exif()
    exif[0x0112] = 6
    sent = saved(Image.new("RGB", (400, 200)), "JPEG", exif=exif)
    assert drawn("turned.jpg", sent).size == (50, 100)
    assert "exif" not in drawn("turned.jpg", sent).info


def test_a_photograph_of_fifty_million_pixels_is_made_smaller():
    sent = saved(Image.new("RGB", (8192, 6144), "grey"), "JPEG", quality=20)
    assert drawn("telephone.jpg", sent).size == (100, 75)


@pytest.mark.parametrize("name", ["cut.jpg", "broken-pixels.png", "no-picture.png"])
def test_a_damaged_picture_is_refused_in_words(name):
    data = {
        "cut.jpg": made.picture("JPEG", (400, 300))[:3000],
        "broken-pixels.png": made.broken_pixels(),
        "no-picture.png": b"\x89PNG\r\n\x1a\n" + made.png_chunk(b"IHDR", bytes(13)),
    }[name]
    with pytest.raises(BadInput) as refused:
        drawn(name, data)
    assert refused.value.code == "file_damaged"
