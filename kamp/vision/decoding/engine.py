"""The decoding process: long-lived and limited, it turns one film after another into plain frames.

Started by `decode` as a script, without Django. It gets open files, never names: the film to read
and the spool to write, so that a file cannot make it open anything else.
"""

import io
import json
import os
import re
import socket
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from portal.core.confine import (
    leave_network,
    limit_cpu,
    limit_memory_and_files,
    resident_bytes,
)

CODECS = ("h264", "mjpeg", "ffv1", "png")
OUT_OF_MEMORY = 71  # exit status
LARGEST_SPOOL = 1024**3
# A process is replaced after so many clips, or when it holds so many bytes.
MOST_CLIPS = 500
MOST_RESIDENT = 400 * 1024**2
LUMA_FIRST = ("gray", "yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12")
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
STUDIO = np.clip((np.arange(256) - 16) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
DEEP_LUMA = re.compile(r"(?:yuv4[024][024]p|gray)(?:10|12|14|16)(?:le|be)")
LEAST_USED = 3  # bits by which the brightest pixel may stay below the depth of the recipe
CUT_AFTER = 2.5  # frames by which an endless file's header may exceed it
SEGMENT = b"\x18\x53\x80\x67"

Pixels = NDArray[np.uint8]


class Refused(Exception):
    """The file cannot be inspected; the argument is the code of the error."""


def sniff(head: bytes) -> str:
    """Name the demuxer by the first bytes; the file's name is never used."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png_pipe"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg_pipe"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    raise Refused("clip_container")


class Film:
    """One file being read; `facts` collects what it turns out to be."""

    def __init__(self, source: BinaryIO, limits: dict[str, Any]) -> None:
        self.limits = limits
        container = sniff(source.read(16))
        self.size = source.seek(0, os.SEEK_END)
        self.sized = check_whole(source, container, self.size)
        source.seek(0)
        self.film = av.open(
            source,
            format=container,
            options={"codec_whitelist": ",".join(CODECS), "format_whitelist": container},
        )
        self.stream = self._checked_stream()
        self.payload, self.brightest = 0, 0
        self.facts: dict[str, Any] = {
            "container": container.removesuffix("_pipe"),
            "codec": self.stream.codec_context.name,
            "fps": float(self.stream.average_rate or 0),
        }

    def _checked_stream(self) -> Any:
        """Choose the video track; refuse by the header, before anything is decoded."""
        if not self.film.streams.video:
            raise Refused("clip_container")
        stream: Any = self.film.streams.video[0]
        codec = stream.codec_context
        if codec is None or codec.name not in CODECS:
            raise Refused("clip_codec")
        self._check_size(codec.width, codec.height)
        if self._promised_seconds(stream) > self.limits["seconds"]:
            raise Refused("clip_too_long")
        if self._promised_frames(stream) > self.limits["frames"]:
            raise Refused("clip_too_many_frames")
        stream.thread_type = "NONE"
        codec.options = {"err_detect": "explode"}
        return stream

    def _check_size(self, width: int, height: int) -> None:
        if width > self.limits["width"] or height > self.limits["height"]:
            raise Refused("clip_too_wide")

    def _promised_frames(self, stream: Any) -> int:
        """Count the frames by the index, which must lie within the file; AVI's header counts fields."""
        if self.film.format.name.startswith("matroska"):  # its index names some frames only
            return int(stream.frames)
        entries = stream.index_entries
        if any(entry.pos + entry.size > self.size for entry in entries):
            raise Refused("clip_broken")
        return len(entries) or int(stream.frames)

    def _promised_seconds(self, stream: Any) -> float:
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return float((self.film.duration or 0) / av.time_base)

    def frames(self) -> Iterator[Pixels]:
        number, shape, end, last = 0, (0, 0), 0.0, 0.0
        for packet in self.film.demux():
            last = max(last, _end_of(packet))
            if packet.stream != self.stream:
                continue
            self.payload += packet.size
            for frame in packet.decode():
                number += 1
                if number > self.limits["frames"]:
                    raise Refused("clip_too_many_frames")
                if shape not in ((0, 0), (frame.height, frame.width)):
                    raise Refused("clip_sizes")
                shape = (frame.height, frame.width)
                self._check_size(frame.width, frame.height)
                end = max(end, frame.time or 0.0)
                if end > self.limits["seconds"]:
                    raise Refused("clip_too_long")
                yield self._scaled(self._grey(frame))
        if not number:
            raise Refused("clip_empty")
        self._check_end(last)
        self._check_depth()
        bits = 8 * self.payload / (number * shape[0] * shape[1])
        self.facts |= {"width": shape[1], "height": shape[0], "frames": number, "bits_per_px": bits}

    def _check_end(self, last: float) -> None:
        # Only a file without a size of its own is judged by time: sound may be longer than the picture.
        interval = 1 / self.facts["fps"] if self.facts["fps"] else 0.04
        promised = float((self.film.duration or 0) / av.time_base)
        if not self.sized and last + CUT_AFTER * interval < promised:
            raise Refused("clip_broken")

    def _grey(self, frame: Any) -> Pixels:
        """Return the brightness of a frame, (h, w), the depth of the recipe scaled to 0-255."""
        bits = self.facts["bits"] = frame.format.components[0].bits
        if bits <= 8:
            return _grey8(frame)
        if self.limits["bits"] <= 8:
            raise Refused("clip_depth")
        deep = _deep(frame)
        depth = min(bits, self.limits["bits"])
        # A container of 16 bits holds values of fewer; a format of its own depth is used whole.
        most = 2 ** (depth if bits == 16 else bits) - 1
        self.brightest = max(self.brightest, int(deep.max()))
        if self.brightest > most:
            raise Refused("clip_depth_low")
        if not _full_range(frame) and bits < 16:
            low, span = 16 << (bits - 8), 219 << (bits - 8)
            deep = np.clip((deep.astype(np.float32) - low) * (most / span), 0, most)
        grey: Pixels = (deep * (255 / most) + 0.5).astype(np.uint8)
        return grey

    def _check_depth(self) -> None:
        if self.facts["bits"] == 16 and self.brightest < 2 ** (self.limits["bits"] - LEAST_USED):
            raise Refused("clip_depth_unused")

    def _scaled(self, frame: Pixels) -> Pixels:
        scale = self.limits["scale"]
        if scale == 1:
            return frame
        size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small: Pixels = cv2.resize(frame, size, interpolation=how)
        return small


def check_whole(source: BinaryIO, container: str, size: int) -> bool:
    """Check that the parts of a file lie within it; return whether the file states its own size.

    Raises Refused (`clip_broken`) for a file that was cut off.
    """
    source.seek(0)
    if container == "avi":
        end = 8 + int.from_bytes(source.read(8)[4:], "little")
        states = end > 8  # a recorder that was switched off leaves 0
    elif container == "matroska":
        end, states = _segment_end(source.read(4096))
    elif container == "mov":
        end, states = _last_box_end(source, size), True
    else:
        return True
    if states and end > size:
        raise Refused("clip_broken")
    return states


def _segment_end(head: bytes) -> tuple[int, bool]:
    """Return where a Matroska segment ends, and whether it says so (a live one does not)."""
    at = head.find(SEGMENT) + len(SEGMENT)
    if at < len(SEGMENT) or at >= len(head):
        return 0, False
    length = 9 - head[at].bit_length()  # the position of the first bit tells how long the number is
    number = int.from_bytes(head[at : at + length]) & ((1 << 7 * length) - 1)
    return at + length + number, number != (1 << 7 * length) - 1


def _last_box_end(source: BinaryIO, size: int) -> int:
    """Return where the last box on the top level of an MP4 or MOV file ends."""
    at = 0
    while at + 8 <= size:
        source.seek(at)
        head = source.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length == 0:  # to the end of the file
            return size
        at += max(length, 8)
    return at


def _end_of(packet: Any) -> float:
    time = packet.pts if packet.pts is not None else packet.dts
    if time is None or packet.time_base is None:
        return 0.0
    return float((time + (packet.duration or 0)) * packet.time_base)


def _full_range(frame: Any) -> bool:
    return bool(frame.format.name.startswith(("gray", "yuvj")) or frame.color_range == FULL_RANGE)


def _deep(frame: Any) -> NDArray[np.uint16]:
    # The brightness of a frame of more than 8 bits as it is stored, (h, w).
    name = frame.format.name
    if not DEEP_LUMA.fullmatch(name):
        whole: NDArray[np.uint16] = frame.reformat(format="gray16le").to_ndarray()
        return whole
    plane = frame.planes[0]
    kind = ">u2" if name.endswith("be") else "<u2"
    rows = np.frombuffer(plane, kind).reshape(frame.height, plane.line_size // 2)
    return rows[:, : frame.width].astype(np.uint16)


def _grey8(frame: Any) -> Pixels:
    # The brightness of a frame of 8 bits, 0 to 255, (h, w).
    if frame.format.name not in LUMA_FIRST:
        whole: Pixels = frame.reformat(format="gray").to_ndarray()
        return whole
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(frame.height, plane.line_size)[:, : frame.width]
    return np.ascontiguousarray(luma) if _full_range(frame) else STUDIO[luma]


def read(source: BinaryIO, spool: BinaryIO, limits: dict[str, Any]) -> dict[str, Any]:
    """Decode one film onto the spool and return its facts. Raises Refused."""
    try:
        film = Film(source, limits)
        for frame in film.frames():
            if spool.tell() + frame.size > LARGEST_SPOOL:
                raise Refused("clip_extent")
            spool.write(frame.tobytes())
            film.facts |= {"rows": frame.shape[0], "columns": frame.shape[1]}
        spool.flush()
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        # No message of the library leaves this process.
        raise Refused("clip_codec" if _names_codec(error) else "clip_broken") from error
    return film.facts


def _names_codec(error: Exception) -> bool:
    return isinstance(error, av.error.DecoderNotFoundError)


def serve(connection: socket.socket, memory: int) -> int:
    """Answer requests until the parent closes the connection; return the exit status."""
    cv2.setNumThreads(1)
    cv2.resize(np.zeros((8, 8), np.uint8), (4, 4), interpolation=cv2.INTER_AREA)
    leave_network()
    limit_memory_and_files(memory, file_bytes=LARGEST_SPOOL)
    connection.send(b"ready")
    served = 0
    while True:
        message, handles, _, _ = socket.recv_fds(connection, 4096, 2)
        if not message:
            return 0
        request = json.loads(message)
        limit_cpu(request["cpu_seconds"])
        served += 1
        try:
            with io.FileIO(handles[0], "rb") as raw, io.FileIO(handles[1], "wb") as spool:
                spool.seek(0, os.SEEK_END)
                answer = read(io.BufferedReader(raw, 1 << 16), spool, request)
        except Refused as refused:
            answer = {"refused": str(refused)}
        except MemoryError:
            return OUT_OF_MEMORY
        answer["last"] = served >= MOST_CLIPS or resident_bytes() > MOST_RESIDENT
        connection.send(json.dumps(answer).encode())


if __name__ == "__main__":
    av.logging.set_level(None)
    parent = socket.socket(fileno=int(sys.argv[1]))
    # End at once with the connection open: when the parent sees it close, the status is set.
    os._exit(serve(parent, int(sys.argv[2])))
