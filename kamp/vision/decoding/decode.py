"""Clips, decoded in a limited child process onto a spool file, so that memory stays flat."""

import atexit
import hashlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from kamp.vision.errors import ClipRefused, DecodeFailed
from portal.core import engines

Frame = NDArray[np.uint8]
WORKING_MM = 0.8  # mm of the product per pixel at which everything is inspected
SAME_SCALE = 0.02  # frames this near to the working scale are left as they are
START_SECONDS = 60
ENGINE = Path(__file__).with_name("engine.py")
PASSED_ON = ("LD_LIBRARY_PATH", "TMPDIR")
SINGLE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Limits:
    """Limits of one clip; `memory` is the child's address space in bytes, libraries included."""

    bytes: int = 200 * 1024**2
    seconds: float = 300.0  # of film
    frames: int = 3_000
    images: int = 500
    width: int = 1_920
    height: int = 1_200
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    memory: int = 1536 * 1024**2


LIMITS = Limits()


@dataclass(frozen=True)
class ClipInfo:
    """Facts of a file, from its header and frames.

    `width`, `height`, `bits` (of a pixel) are of the file; `mm_per_px` is the scale of the decoded
    frames, after scaling to the working scale; `bits_per_px` is the compressed size per pixel shown.
    """

    container: str
    codec: str
    width: int
    height: int
    frames: int
    fps: float
    bytes: int
    bits_per_px: float
    mm_per_px: float
    sha256: str
    bits: int = 8


class Clip:
    """Decoded frames (h, w) uint8 in an unlinked file; use as a context manager.

    A frame is read when it is indexed; nothing else is in memory.
    """

    def __init__(self, spool: BinaryIO, shape: tuple[int, int], info: ClipInfo) -> None:
        self.shape, self.info = shape, info
        self._spool = spool

    def __len__(self) -> int:
        return self.info.frames

    def __getitem__(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(index)
        size = self.shape[0] * self.shape[1]
        data = os.pread(self._spool.fileno(), size, index * size)
        return np.frombuffer(data, np.uint8).reshape(self.shape)

    def __iter__(self) -> Iterator[Frame]:
        return (self[index] for index in range(len(self)))

    def close(self) -> None:
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_clip(path: Path, *, mm_per_px: float, bits: int = 8, limits: Limits = LIMITS) -> Clip:
    """Decode a film whose pixels are `mm_per_px` wide at the product and `bits` deep.

    Deeper pixels are scaled to 8 bits, never cut. Raises `ClipRefused` for the file itself,
    `DecodeFailed` when the child process fails.
    """
    return _open([path], mm_per_px, bits, limits)


def open_images(
    paths: Sequence[Path], *, mm_per_px: float, bits: int = 8, limits: Limits = LIMITS
) -> Clip:
    """Decode still images of one product, in order; raises as `open_clip` does."""
    if not paths:
        raise ClipRefused("clip_empty")
    if len(paths) > limits.images:
        raise ClipRefused("clip_too_many_frames")
    return _open(paths, mm_per_px, bits, limits)


def from_frames(frames: NDArray[np.uint8], *, bits_per_px: float = 8.0) -> Clip:
    """Make a clip of frames (n, h, w) in memory, which are at the working scale."""
    count, rows, columns = frames.shape
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the clip closes it
    spool.write(np.ascontiguousarray(frames).tobytes())
    spool.flush()
    digest = hashlib.sha256(frames.tobytes()).hexdigest()
    info = ClipInfo(
        "raw", "raw", columns, rows, count, 0.0, frames.nbytes, bits_per_px, WORKING_MM, digest
    )
    return Clip(spool, (rows, columns), info)


def _open(paths: Sequence[Path], mm_per_px: float, bits: int, limits: Limits) -> Clip:
    scale = _scale(mm_per_px)
    sizes = [path.stat().st_size for path in paths]
    if sum(sizes) > limits.bytes:
        raise ClipRefused("clip_too_large")
    request = {
        "scale": scale,
        "bits": bits,
        "seconds": limits.seconds,
        "frames": limits.frames,
        "width": limits.width,
        "height": limits.height,
        "cpu_seconds": limits.cpu_seconds,
    }
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the clip closes it
    try:
        parts = [_decode(path, spool, request, limits) for path in paths]
        _check_one_size(parts)
    except BaseException:
        spool.close()
        raise
    first = parts[0]
    info = ClipInfo(
        first["container"],
        first["codec"],
        first["width"],
        first["height"],
        sum(part["frames"] for part in parts),
        first["fps"],
        sum(sizes),
        sum(part["bits_per_px"] for part in parts) / len(parts),
        mm_per_px / scale,
        _digest(paths),
        max(part["bits"] for part in parts),
    )
    return Clip(spool, (first["rows"], first["columns"]), info)


def _check_one_size(parts: list[dict[str, Any]]) -> None:
    if len({(part["rows"], part["columns"]) for part in parts}) > 1:
        raise ClipRefused("clip_sizes")


def _scale(mm_per_px: float) -> float:
    if not 0.05 <= mm_per_px <= 5:
        raise ClipRefused("clip_scale")
    scale = mm_per_px / WORKING_MM
    return 1.0 if abs(scale - 1) <= SAME_SCALE else scale


def _digest(paths: Sequence[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                whole.update(block)
    return whole.hexdigest()


# --- The child process ---------------------------------------------------------------------------


@dataclass(slots=True)
class _Engine:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    memory: int

    def serves(self, memory: int) -> bool:
        return self.memory == memory and self.process.poll() is None

    def stop(self) -> int:
        """Kill it; return its exit status, its own if it had ended already."""
        self.process.kill()
        status = self.process.wait()
        self.connection.close()
        return status


_lock = threading.Lock()
_engine: _Engine | None = None


def _decode(path: Path, spool: BinaryIO, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
    with _lock, path.open("rb") as source:
        engine = _running_engine(limits.memory)
        engine.connection.settimeout(limits.wall_seconds)
        try:
            handles = [source.fileno(), spool.fileno()]
            socket.send_fds(engine.connection, [json.dumps(request).encode()], handles)
            answer: dict[str, Any] = json.loads(engine.connection.recv(4096))
        except TimeoutError as late:
            _stop()
            raise DecodeFailed("decode_time") from late
        except (OSError, ValueError) as broken:
            # The child has ended, or is about to: its exit status says why.
            raise DecodeFailed(_failure_code(_stop(patience=5))) from broken
        if answer["last"]:
            _stop()
    if "refused" in answer:
        raise ClipRefused(answer["refused"])
    return answer


def _failure_code(status: int | None) -> str:
    codes = {71: "decode_memory", -signal.SIGXCPU: "decode_time", -signal.SIGABRT: "decode_memory"}
    return codes.get(status or 0, "decode_crash")


def _running_engine(memory: int) -> _Engine:
    global _engine
    if _engine is None or not _engine.serves(memory):
        _stop()
        _engine = _start(memory)
    return _engine


def _start(memory: int) -> _Engine:
    variables = engines.environment(PASSED_ON, **SINGLE)
    process, line = engines.spawn(ENGINE, memory, variables, kind=socket.SOCK_SEQPACKET)
    engine = _Engine(process, line, memory)
    if not engines.is_ready(line, START_SECONDS):
        engine.stop()
        raise DecodeFailed("decode_crash")
    return engine


def _stop(*, patience: float = 0) -> int | None:
    """Stop the child; return its exit status, None if there is no child."""
    global _engine
    stopped, _engine = _engine, None
    if stopped is None:
        return None
    with suppress(subprocess.TimeoutExpired):
        stopped.process.wait(patience) if patience else None
    return stopped.stop()


def _reset_after_fork() -> None:
    # In a forked child: the engine and the lock belong to the parent.
    global _engine, _lock
    if _engine is not None:
        _engine.connection.close()
        _engine.process.returncode = 0
    _engine, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_reset_after_fork)
atexit.register(_stop)
