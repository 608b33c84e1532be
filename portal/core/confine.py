"""Limits that a child process sets on itself before it reads what strangers sent.

Standard library only: the engines of PDFs, films and uploads import this without Django.
"""

import ctypes
import resource

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h


def leave_network() -> bool:
    """Move this process into a network without interfaces; return whether the kernel allowed it.

    A second line of defence: nothing relies on it.
    """
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET))


def limit_memory_and_files(memory: int, *, file_bytes: int = 0) -> None:
    """Limit address space and size of written files (bytes) for good; no core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_cpu(seconds: int) -> None:
    """Allow `seconds` of processor time from now on; past them the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def resident_bytes() -> int:
    """Return the memory this process holds."""
    # getrusage would count the parent's peak too.
    with open("/proc/self/statm", "rb") as memory:
        return int(memory.read().split()[1]) * resource.getpagesize()
