"""Walls around the child process that decodes what strangers sent; standard library only."""

import ctypes
import resource

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h


def leave_network() -> bool:
    """Move into a network without any interface, where the kernel allows it: a second wall."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def limit(memory: int, *, file_bytes: int = 0) -> None:
    """Bind this process for good: `memory` bytes of address space, no larger file, no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow(seconds: int) -> None:
    """Grant so many seconds of processor from now on; past them the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def resident() -> int:
    """Bytes of memory this process holds; getrusage would count the parent's peak too."""
    with open("/proc/self/statm", "rb") as memory:
        return int(memory.read().split()[1]) * resource.getpagesize()
