#!/bin/sh
# Archive one segment of WAL (`archive_command`); the first time, make the repository before it.
set -eu
pgbackrest archive-push "$1" && exit 0
pgbackrest stanza-create
exec pgbackrest archive-push "$1"
