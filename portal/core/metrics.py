"""What processes count for the operators: requests, jobs, mails, uploads. Read on an internal port.

Without `METRICS_PORT` the counts stay in the memory of the process. With it they lie in files that
the processes of one service share, so that whichever of them is asked tells the sum of all.
"""

import fcntl
import os
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram, values

FEW = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 8.0)  # seconds of a request
LONG = (0.1, 0.5, 2.0, 10.0, 60.0, 300.0)  # seconds of a job


class Slots:
    """Numbers for the living processes of one service: a new process takes over that of a dead one.

    Its files are those of the dead one, so they do not grow in number and no count is lost.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._pid, self._number = folder / "slots", 0, 0

    def __call__(self) -> int:
        """Return the number of this process."""
        if self._pid != os.getpid():
            self._pid, self._number = os.getpid(), self._take()
        return self._number

    def _take(self) -> int:
        # A lock of POSIX: a child does not inherit it, and the end of the process gives it back.
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        number = 0
        while True:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            except OSError:
                number += 1
            else:
                return number


def _share(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(Slots(folder))  # type: ignore[no-untyped-call]


if settings.METRICS_PORT:
    _share(Path(settings.METRICS_DIR))

DECLARED = CollectorRegistry()
REQUESTS = Counter(
    "portal_requests", "Requests, by name of the route.", ["route", "status"], registry=DECLARED
)
REQUEST_SECONDS = Histogram(
    "portal_request_seconds",
    "Seconds until an answer was made.",
    ["route"],
    buckets=FEW,
    registry=DECLARED,
)
FAILURES = Counter(
    "portal_failures",
    "Answers that the incident records count, by their kind.",
    ["kind"],
    registry=DECLARED,
)
POLICY_REPORTS = Counter(
    "portal_policy_reports", "Browsers' reports of the content policy.", registry=DECLARED
)
JOBS = Counter(
    "portal_jobs", "Runs of jobs, by what became of them.", ["kind", "outcome"], registry=DECLARED
)
JOB_SECONDS = Histogram(
    "portal_job_seconds", "Seconds of a run.", ["kind"], buckets=LONG, registry=DECLARED
)
MAILS = Counter("portal_mails", "Attempts to send a mail.", ["outcome"], registry=DECLARED)
UPLOADS = Counter(
    "portal_uploads",
    "Files that were judged: passed, or the code of the refusal.",
    ["verdict"],
    registry=DECLARED,
)
