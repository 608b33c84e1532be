"""Decoding of strangers' clips: what is read, what is refused, and that the parent survives."""

import os
import signal
import struct
import threading
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from kamp.vision.decoding import decode
from kamp.vision.decoding.decode import LIMITS, Limits
from kamp.vision.errors import CLIP_MESSAGES, ClipRefused, DecodeFailed
from kamp.vision.synthetic import generator

MADE = generator.product(4_200_900, "crack")


@pytest.fixture(autouse=True, scope="module")
def stop_the_child_afterwards():
    yield
    decode._stop()


def refusal(path: Path, limits: Limits = LIMITS, mm_per_px: float = 0.8) -> str:
    with pytest.raises((ClipRefused, DecodeFailed)) as refused:
        decode.open_clip(path, mm_per_px=mm_per_px, limits=limits)
    return refused.value.code


def still_works(film: Path) -> bool:
    with decode.open_clip(film, mm_per_px=0.8) as clip:
        return len(clip) == len(MADE.frames)


def written(path: Path, codec: str, layout: str, **options: str) -> Path:
    generator.encode(MADE.frames, path, codec=codec, layout=layout, options=options)
    return path


def test_frames_are_decoded_as_recorded(film) -> None:
    with decode.open_clip(film, mm_per_px=0.8) as clip:
        frames = np.stack(list(clip))
        info = clip.info
    assert frames.shape == MADE.frames.shape
    assert np.abs(frames.astype(int) - MADE.frames).mean() < 1
    assert (info.container, info.codec, info.width, info.height) == ("mov", "h264", 256, 192)
    assert info.frames == len(MADE.frames)
    assert info.bytes == film.stat().st_size


@pytest.mark.parametrize(
    ("name", "codec", "layout"),
    [("a.mkv", "ffv1", "gray"), ("a.avi", "mjpeg", "yuvj420p"), ("a.mov", "png", "gray")],
)
def test_the_other_codecs_are_read(tmp_path, name, codec, layout) -> None:
    with decode.open_clip(written(tmp_path / name, codec, layout), mm_per_px=0.8) as clip:
        assert clip.info.codec == codec
        assert np.abs(clip[5].astype(int) - MADE.frames[5]).mean() < 2


# --- Films as ordinary tools make them -----------------------------------------------------------


HIDDEN = 3  # frames before the cut


def trimmed(source: Path, target: Path, frames: int) -> None:
    """Cut the beginning off without encoding again: the frames before it stay, hidden by a list."""
    with av.open(str(source)) as film, av.open(str(target), "w") as shorter:
        stream = film.streams.video[0]
        copy = shorter.add_stream_from_template(stream)
        hidden = int(frames / generator.FPS / stream.time_base)
        for packet in film.demux(stream):
            if packet.size:
                packet.pts, packet.dts = packet.pts - hidden, packet.dts - hidden
                packet.stream = copy
                shorter.mux(packet)


def with_sound(source: Path, target: Path, seconds: int) -> None:
    """Add silence that lasts longer than the picture."""
    with av.open(str(source)) as film, av.open(str(target), "w") as longer:
        stream = film.streams.video[0]
        copy = longer.add_stream_from_template(stream)
        sound = longer.add_stream("pcm_s16le", rate=8_000)
        for packet in film.demux(stream):
            if packet.size:
                packet.stream = copy
                longer.mux(packet)
        for second in range(seconds):
            silence = av.AudioFrame(format="s16", layout="mono", samples=8_000)
            silence.planes[0].update(bytes(silence.planes[0].buffer_size))
            silence.rate, silence.pts = 8_000, second * 8_000
            longer.mux(sound.encode(silence))
        longer.mux(sound.encode(None))


def uneven(source: Path, target: Path) -> None:
    """Let some frames last much longer than others."""
    with av.open(str(source)) as film, av.open(str(target), "w") as other:
        stream = film.streams.video[0]
        copy = other.add_stream_from_template(stream)
        for number, packet in enumerate(film.demux(stream)):
            if packet.size:
                late = int((number // 30) * 0.9 / stream.time_base)
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
                packet.stream = copy
                other.mux(packet)


ORDINARY = {
    "trimmed.mp4": lambda film, path: trimmed(film, path, HIDDEN),
    "trimmed.mkv": lambda film, path: trimmed(film, path, HIDDEN),
    "sound.mkv": lambda film, path: with_sound(film, path, 30),
    "sound.mov": lambda film, path: with_sound(film, path, 30),
    "b-frames.avi": lambda film, path: written(path, "libx264", "yuv420p", bf="3"),
    "b-frames.mkv": lambda film, path: written(path, "libx264", "yuv420p", bf="3"),
    "uneven.mp4": uneven,
    "uneven.mkv": uneven,
}


@pytest.mark.parametrize("name", ORDINARY)
def test_films_of_ordinary_tools_are_read_and_refused_when_cut(tmp_path, film, name) -> None:
    path = tmp_path / name
    ORDINARY[name](film, path)
    shown = len(MADE.frames) - (HIDDEN if name == "trimmed.mp4" else 0)
    with decode.open_clip(path, mm_per_px=0.8) as clip:
        assert len(clip) == shown
    whole = path.read_bytes()
    for share in (0.5, 0.9, 0.98):
        path.write_bytes(whole[: int(len(whole) * share)])
        assert refusal(path) == "clip_broken", share


# --- Depth ---------------------------------------------------------------------------------------


def deep(path: Path, bits: int, *, most: int) -> Path:
    """Write a still whose brightness runs from 0 to `most` in a file of 16 bits."""
    ramp = np.linspace(0, most, 256 * 192).round().astype(np.uint16).reshape(192, 256)
    cv2.imwrite(str(path), ramp)
    return path


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_deep_pictures_are_scaled_by_the_depth_of_the_recipe(tmp_path, bits: int) -> None:
    path = deep(tmp_path / "a.png", bits, most=2**bits - 1)
    with decode.open_images([path], mm_per_px=0.8, bits=bits) as clip:
        assert clip.info.bits == 16
        ramp = np.linspace(0, 255, 256 * 192).reshape(192, 256)
        assert np.abs(clip[0] - ramp).max() <= 1


@pytest.mark.parametrize(
    ("recipe", "most", "code"),
    [
        (8, 4095, "clip_depth"),  # would be cut to its high bits
        (12, 16383, "clip_depth_low"),  # brighter than the recipe knows: would be white
        (16, 4095, "clip_depth_unused"),  # 12 in 16 read as 16: would be black
    ],
)
def test_a_depth_that_is_not_the_recipe_s_is_refused(tmp_path, recipe, most, code) -> None:
    path = deep(tmp_path / "a.png", 16, most=most)
    with pytest.raises(ClipRefused) as refused:
        decode.open_images([path], mm_per_px=0.8, bits=recipe)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "codec", "layout", "bits"),
    [("a.mkv", "ffv1", "gray12le", 12), ("b.mkv", "ffv1", "gray16le", 16),
     ("c.mp4", "libx264", "yuv420p10le", 10)],
)  # fmt: skip
def test_deep_films_keep_their_contrast(tmp_path, name, codec, layout, bits) -> None:
    wide = MADE.frames[:8].astype(np.float32) / 255
    with av.open(str(tmp_path / name), "w") as out:
        stream = out.add_stream(codec, rate=10, options={"crf": "4"} if codec == "libx264" else {})
        stream.height, stream.width, stream.pix_fmt = 192, 256, layout
        for frame in wide:
            if layout.startswith("gray"):
                values = (frame * (2**bits - 1)).round().astype(np.uint16)
                picture = av.VideoFrame.from_ndarray(values, format=layout)
            else:
                luma = (64 + frame * 876).round().astype("<u2")
                picture = av.VideoFrame(256, 192, layout)
                for plane, content in zip(
                    picture.planes, (luma, *[np.full((96, 128), 512, "<u2")] * 2), strict=True
                ):
                    row = plane.line_size // 2
                    padded = np.zeros((content.shape[0], row), "<u2")
                    padded[:, : content.shape[1]] = content
                    plane.update(padded.tobytes())
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    with decode.open_clip(tmp_path / name, mm_per_px=0.8, bits=bits) as clip:
        assert clip.info.bits == bits
        assert np.abs(clip[4].astype(int) - MADE.frames[4]).mean() < 2
    with pytest.raises(ClipRefused) as refused:
        decode.open_clip(tmp_path / name, mm_per_px=0.8, bits=8)
    assert refused.value.code == "clip_depth"


def test_studio_range_is_expanded_to_full_range(tmp_path) -> None:
    studio = (MADE.frames.astype(float) * 219 / 255 + 16).round().astype(np.uint8)
    path = tmp_path / "studio.mp4"
    generator.encode(studio, path, codec="libx264", layout="yuv420p", options={"crf": "1"})
    with decode.open_clip(path, mm_per_px=0.8) as clip:
        assert np.abs(clip[5].astype(int) - MADE.frames[5]).mean() < 2


def test_frames_have_the_working_scale(film) -> None:
    with decode.open_clip(film, mm_per_px=0.4) as clip:
        assert clip.shape == (96, 128)
        assert clip.info.mm_per_px == pytest.approx(decode.WORKING_MM)
        assert clip.info.width == 256


def test_stills_are_read_in_order(tmp_path) -> None:
    paths = []
    for number, (frame, suffix) in enumerate(
        zip(MADE.frames[4:8], ("png", "jpg") * 2, strict=True)
    ):
        paths.append(tmp_path / f"{number}.{suffix}")
        cv2.imwrite(str(paths[-1]), frame)
    with decode.open_images(paths, mm_per_px=0.8) as clip:
        assert len(clip) == 4
        assert np.array_equal(clip[2], MADE.frames[6])
        assert np.abs(clip[3].astype(int) - MADE.frames[7]).mean() < 3


def test_stills_of_two_sizes_are_refused(tmp_path) -> None:
    for name, side in (("a.png", 32), ("b.png", 40)):
        cv2.imwrite(str(tmp_path / name), np.zeros((side, side), np.uint8))
    with pytest.raises(ClipRefused) as refused:
        decode.open_images([tmp_path / "a.png", tmp_path / "b.png"], mm_per_px=0.8)
    assert refused.value.code == "clip_sizes"


def bomb() -> bytes:
    """Return a PNG of a few hundred bytes that claims 60,000 pixels a side."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def zipped(tmp_path: Path) -> bytes:
    path = tmp_path / "inner.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.mp4", b"0" * 1000)
    return path.read_bytes()


HOSTILE = {
    "nothing": (b"", {"clip_container"}),
    "text": ("정상 제품입니다".encode() * 50, {"clip_container"}),
    "playlist": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", {"clip_container"}),
    "concat": (b"ffconcat version 1.0\nfile /etc/passwd\n", {"clip_container"}),
    "page": (b"<html><script>alert(1)</script></html>", {"clip_container"}),
    "picture": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {"clip_container"}),
    "gif": (b"GIF89a" + bytes(100), {"clip_container"}),
    "program": (b"\x7fELF" + bytes(500), {"clip_container"}),
    "bomb": (bomb(), {"clip_too_wide", "clip_broken"}),
    "empty mp4": (struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0), {"clip_broken"}),
    "noise mp4": (
        struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + np.random.default_rng(1).bytes(50_000),
        {"clip_broken", "clip_container", "clip_codec"},
    ),
    "noise mkv": (
        b"\x1a\x45\xdf\xa3" + np.random.default_rng(2).bytes(50_000),
        {"clip_broken", "clip_container", "clip_codec"},
    ),
    "noise avi": (
        b"RIFF\xff\xff\x00\x00AVI " + np.random.default_rng(3).bytes(50_000),
        {"clip_broken", "clip_container", "clip_codec"},
    ),
    "noise png": (b"\x89PNG\r\n\x1a\n" + np.random.default_rng(4).bytes(5_000), {"clip_broken"}),
    "noise jpeg": (
        b"\xff\xd8\xff" + np.random.default_rng(5).bytes(5_000),
        {"clip_broken", "clip_container", "clip_codec", "clip_empty"},
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_by_what_they_are(tmp_path, film, name) -> None:
    data, codes = HOSTILE[name]
    path = tmp_path / "video.mp4"  # a film by its name only
    path.write_bytes(data)
    assert refusal(path) in codes
    assert still_works(film)


def test_a_zip_is_refused(tmp_path) -> None:
    path = tmp_path / "video.mp4"
    path.write_bytes(zipped(tmp_path))
    assert refusal(path) == "clip_container"


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_film_cut_off_is_refused(tmp_path, film, share) -> None:
    whole = film.read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert refusal(path) == "clip_broken"


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "libx264"), ("a.avi", "mjpeg")])
def test_a_cut_is_noticed_in_containers_that_can_be_cut_anywhere(tmp_path, name, codec) -> None:
    path = written(tmp_path / name, codec, "yuvj420p")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    assert refusal(path) == "clip_broken"


def test_damaged_films_never_end_the_parent(tmp_path, film) -> None:
    rng = np.random.default_rng(7)
    whole = film.read_bytes()
    path = tmp_path / "damaged.mp4"
    for _ in range(12):
        damaged = bytearray(whole)
        for place in rng.integers(16, len(whole), 40):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with suppress(ClipRefused, DecodeFailed):
            decode.open_clip(path, mm_per_px=0.8).close()
    assert still_works(film)


def test_a_codec_that_is_not_on_the_list_is_refused(tmp_path) -> None:
    path = written(tmp_path / "a.mp4", "mpeg4", "yuv420p")
    assert refusal(path) == "clip_codec"


def test_each_limit_has_its_own_code(tmp_path, film) -> None:
    assert refusal(film, Limits(bytes=1_000)) == "clip_too_large"
    assert refusal(film, Limits(seconds=0.5)) == "clip_too_long"
    assert refusal(film, Limits(frames=5)) == "clip_too_many_frames"
    assert refusal(film, Limits(width=100)) == "clip_too_wide"
    assert refusal(film, mm_per_px=0.0) == "clip_scale"
    with pytest.raises(ClipRefused, match="500장"):
        decode.open_images([film] * 501, mm_per_px=0.8)


def test_too_little_memory_is_a_clear_error(film) -> None:
    tight = Limits(memory=64 * 1024**2)
    assert refusal(film, tight) in {"decode_memory", "decode_crash"}
    assert still_works(film)


def test_too_much_time_is_a_clear_error(film) -> None:
    assert still_works(film)
    os.kill(decode._engine.process.pid, signal.SIGSTOP)  # it will never answer
    assert refusal(film, Limits(wall_seconds=0.3)) == "decode_time"
    assert still_works(film)


def test_a_child_that_dies_while_decoding_is_a_clear_error(film) -> None:
    assert still_works(film)
    child = decode._engine.process
    os.kill(child.pid, signal.SIGSTOP)  # the request stays unanswered, then the child is killed
    killer = threading.Timer(0.3, os.kill, (child.pid, signal.SIGKILL))
    killer.start()
    assert refusal(film) == "decode_crash"
    killer.join()
    assert still_works(film)


def test_the_child_has_no_network_no_secret_and_little_memory(film, monkeypatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "hidden")
    decode._stop()
    assert still_works(film)
    about = Path(f"/proc/{decode._engine.process.pid}")
    assert b"hidden" not in (about / "environ").read_bytes()
    assert f"{LIMITS.memory}" in (about / "limits").read_text()


def test_every_code_has_its_message() -> None:
    assert all(words.endswith(("다.", "요.")) for words in CLIP_MESSAGES.values())
