#!/bin/sh
# Start a Redis Sentinel: run one on each of three hosts. Most of them must agree before another Redis
# becomes the first.
# REDIS_FIRST_HOST and REDIS_FIRST_PORT name the Redis that is the first now, SENTINEL_PORT the port of
# this process; passwords as in `redis.sh`. Further arguments are those of redis-server.
set -eu
[ -z "${REDIS_PASSWORD_FILE:-}" ] || REDIS_PASSWORD=$(cat "$REDIS_PASSWORD_FILE")
[ -z "${REDIS_PEER_PASSWORD_FILE:-}" ] || REDIS_PEER_PASSWORD=$(cat "$REDIS_PEER_PASSWORD_FILE")
: "${REDIS_PASSWORD:?}" "${REDIS_PEER_PASSWORD:?}" "${REDIS_FIRST_HOST:?}"

umask 077
folder=$(mktemp -d)
# It writes into this file what it learns.
cat >"$folder/sentinel.conf" <<CONF
port ${SENTINEL_PORT:-26379}
dir $folder
requirepass $REDIS_PASSWORD
sentinel monitor portal $REDIS_FIRST_HOST ${REDIS_FIRST_PORT:-6379} 2
sentinel auth-user portal peer
sentinel auth-pass portal $REDIS_PEER_PASSWORD
sentinel down-after-milliseconds portal 3000
sentinel failover-timeout portal 10000
CONF
exec redis-server "$folder/sentinel.conf" --sentinel "$@"
