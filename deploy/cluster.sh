#!/bin/sh
# Start a portal on several hosts as processes of this machine: two web hosts, two workers, beat, nginx,
# PgBouncer, PostgreSQL with a replica, three Redis with sentinels, an object store and clamd.
# It needs the packages of apt-runtime.txt and apt-test.txt and `make dev`. Ctrl-C ends all of it.
set -eu
cd "$(dirname "$0")/.."
export DJANGO_SETTINGS_MODULE=bench.settings
exec .venv/bin/python -m bench.cluster
