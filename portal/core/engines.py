"""Start the child processes that read what strangers sent; `confine` has the limits they set.

Standard library only, so that `kamp.vision` can use it without Django.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).parents[2]  # from which an engine imports the portal


def environment(passed_on: Collection[str], **fixed: str) -> dict[str, str]:
    """Return an engine's variables: `passed_on` of ours and `fixed`, so no secret of the portal."""
    passed = {name: os.environ[name] for name in passed_on if name in os.environ}
    return passed | {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)} | fixed


def spawn(
    script: Path, memory: int, variables: dict[str, str], *, kind: socket.SocketKind
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a script with one end of a socket pair of this kind; return it with our end.

    Its arguments are the number of its end and its address space, `memory`, in bytes.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-P", "-s", str(script), str(theirs.fileno()), str(memory)],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=variables,
            start_new_session=True,
        )
    return process, ours


def is_ready(line: socket.socket, seconds: float) -> bool:
    """Return whether an engine says within `seconds` that it is ready; sets that timeout."""
    line.settimeout(seconds)
    try:
        return bool(line.recv(16))
    except OSError:
        return False
