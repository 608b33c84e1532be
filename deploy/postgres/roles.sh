#!/bin/sh
# The two roles of the portal in PostgreSQL: one owns the tables and migrates, one serves.
#
# The image of PostgreSQL runs it when it makes the database. On any other server, and again whenever
# a password changes, run it by hand as an administrator; it is safe to repeat:
#   PGHOST=... PGUSER=... PGPASSWORD=... POSTGRES_DB=portal \
#     POSTGRES_OWNER_PASSWORD=... POSTGRES_APP_PASSWORD=... sh roles.sh
# Each password may stand in a file, named by the variable with _FILE behind its name. Tables that
# another role owned so far go to the owner. What the serving role may do with each table is granted
# by `manage.py prepare`.
set -eu

export POSTGRES_DB="${POSTGRES_DB:-portal}"
export POSTGRES_OWNER_ROLE="${POSTGRES_OWNER_ROLE:-portal_owner}"
export POSTGRES_APP_ROLE="${POSTGRES_APP_ROLE:-portal_app}"
[ -z "${POSTGRES_OWNER_PASSWORD_FILE:-}" ] || POSTGRES_OWNER_PASSWORD=$(cat "$POSTGRES_OWNER_PASSWORD_FILE")
[ -z "${POSTGRES_APP_PASSWORD_FILE:-}" ] || POSTGRES_APP_PASSWORD=$(cat "$POSTGRES_APP_PASSWORD_FILE")
: "${POSTGRES_OWNER_PASSWORD:?}" "${POSTGRES_APP_PASSWORD:?}"
export POSTGRES_OWNER_PASSWORD POSTGRES_APP_PASSWORD
[ -z "${POSTGRES_USER:-}" ] || export PGUSER="$POSTGRES_USER"

# The passwords are read from the environment, so that no list of processes shows them.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$POSTGRES_DB" <<'SQL'
\getenv database POSTGRES_DB
\getenv owner POSTGRES_OWNER_ROLE
\getenv owner_password POSTGRES_OWNER_PASSWORD
\getenv app POSTGRES_APP_ROLE
\getenv app_password POSTGRES_APP_PASSWORD
\set QUIET on
\o /dev/null

BEGIN;
SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY[:'owner', :'app']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
    OR pg_has_role(:'app', :'owner', 'MEMBER') AS mighty
FROM pg_roles WHERE rolname = :'app' \gset
\if :mighty
    ROLLBACK;
    \warn 'The serving role may do more than serve: choose another name in POSTGRES_APP_ROLE.'
    SELECT 1 / 0;
\endif
ALTER ROLE :"owner" PASSWORD :'owner_password';
ALTER ROLE :"app" PASSWORD :'app_password';

-- An administrator who is no superuser gives away only what goes to a role of their own.
SELECT format('GRANT %I TO CURRENT_USER', :'owner')
WHERE NOT pg_has_role(:'owner', 'MEMBER') \gexec

-- The limits of a session belong to the role: a pooler passes none on.
ALTER ROLE :"app" SET statement_timeout = '30s';
ALTER ROLE :"app" SET lock_timeout = '5s';
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '60s';

ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
ALTER SCHEMA public OWNER TO :"owner";
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Sequences of a column follow their table.
SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, :'owner')
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = :'owner')
    AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e')
            AND (c.relkind = 'S' OR d.deptype = 'e')) \gexec
SELECT format('ALTER FUNCTION %s OWNER TO %I', p.oid::regprocedure, :'owner')
FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace
    AND p.proowner <> (SELECT oid FROM pg_roles WHERE rolname = :'owner')
    AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') \gexec

COMMIT;
SQL
