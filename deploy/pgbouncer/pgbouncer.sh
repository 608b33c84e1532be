#!/bin/sh
# Start PgBouncer in transaction mode before PostgreSQL, for the serving role only.
# It takes PGHOST, PGPORT, POSTGRES_DB and POSTGRES_APP_ROLE as `deploy/postgres/roles.sh` does, the
# password of the role in DATABASE_PASSWORD or in the file DATABASE_PASSWORD_FILE, and the port on which
# it listens in PGBOUNCER_PORT. Set PORTAL_POOLED for web, workers and beat; `migrate` goes past it.
set -eu
[ -z "${DATABASE_PASSWORD_FILE:-}" ] || DATABASE_PASSWORD=$(cat "$DATABASE_PASSWORD_FILE")
: "${PGHOST:?}" "${DATABASE_PASSWORD:?}"
role=${POSTGRES_APP_ROLE:-portal_app}
database=${POSTGRES_DB:-portal}

umask 077
folder=$(mktemp -d)
printf '"%s" "%s"\n' "$role" "$DATABASE_PASSWORD" >"$folder/users.txt"
cat >"$folder/pgbouncer.ini" <<INI
[databases]
$database = host=$PGHOST port=${PGPORT:-5432} dbname=$database

[pgbouncer]
listen_addr = ${PGBOUNCER_HOST:-*}
listen_port = ${PGBOUNCER_PORT:-6432}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users.txt
pool_mode = transaction
; Sessions of PostgreSQL for all hosts together, some ten for each of its processors.
default_pool_size = ${PGBOUNCER_SESSIONS:-20}
max_client_conn = ${PGBOUNCER_CLIENTS:-2000}
; Whoever gets no session for so long is told so: the portal then answers 503 and gives tickets.
query_wait_timeout = 5
server_connect_timeout = 5
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
INI
exec pgbouncer "$folder/pgbouncer.ini"
