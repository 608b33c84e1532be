"""Run the whole suite: on SQLite, then what needs PostgreSQL, Redis or a browser.

`python -m tests.run [pytest arguments]` exits with 0 only when everything that ran passed; with
`CI=true` only when nothing was left out either.
"""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

from bench import servers

SERVED = "postgres or redis or browser or compose"
NO_TEST_MATCHED = 5  # pytest's exit code


def session(title: str, marks: str, arguments: list[str], **environment: str) -> int:
    """Run pytest once; return its exit code."""
    print(f"\n=== {title}", flush=True)
    began = time.monotonic()
    # Tests of one xdist_group share their processes, so they stay together on one worker.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-m", marks]
    given = {**os.environ, **environment}
    given.pop("PYTHONDONTWRITEBYTECODE", None)  # dozens of processes start: compile once for all
    done = subprocess.run([*command, *arguments], env=given, check=False)
    print(f"=== {title}: {time.monotonic() - began:.0f} s, exit {done.returncode}", flush=True)
    return done.returncode


def passed(codes: list[int], arguments: list[str]) -> bool:
    """Return whether the sessions passed; arguments may choose tests of one of them alone."""
    chosen = {code for code in codes if code != NO_TEST_MATCHED} if arguments else set(codes)
    return chosen == {0}


def gaps(database: str | None, broker: str | None) -> list[str]:
    """Return what this machine cannot test, each with what to install."""
    found = []
    if not database:
        found.append("PostgreSQL: everything marked postgres, browser and compose (postgresql)")
    if not broker:
        found.append("Redis: everything marked redis and compose (redis-server)")
    if not servers.chromium():
        found.append("the browser journeys (chromium-headless-shell, or CHROMIUM=/path)")
    if not servers.binary("nginx"):
        found.append("the processes of docker-compose.yml behind nginx (nginx-light)")
    if packages := servers.pdf_packages_missing():
        found.append(f"PDFs ({' '.join(packages)})")
    return found


def main(arguments: list[str]) -> int:
    servers.stop_on_sigterm()
    run = os.environ.setdefault("PORTAL_TEST_RUN", os.urandom(4).hex())
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres())
        broker = stack.enter_context(servers.redis_server())
        untested = gaps(database, broker)
        for gap in untested:
            print(f"NOT TESTED on this machine: {gap}", flush=True)
        codes = [session("SQLite", f"not ({SERVED})", arguments)]
        if database:
            stack.callback(servers.drop_databases, database, f"test_portal_{run}")
            served = {"PORTAL_TEST_DATABASE_URL": database, "PORTAL_TEST_REDIS_URL": broker or ""}
            codes.append(session("PostgreSQL, Redis, Chromium", SERVED, arguments, **served))
    done = passed(codes, arguments)
    print(f"\n{'PASSED' if done else 'FAILED'}", end="")
    print("" if untested else ": nothing was left out")
    for gap in untested:
        print(f"NOT TESTED: {gap}")
    complete = not untested or os.environ.get("CI") != "true"
    return 0 if done and complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
