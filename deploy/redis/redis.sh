#!/bin/sh
# Start Redis as the portal's queue: one user, `portal`, who may do what Celery does and no more.
# The password stands in the file REDIS_PASSWORD_FILE. Further arguments are those of redis-server.
# With REDIS_PEER_PASSWORD or its file there is a second user, `peer`, for the other Redis servers that
# hold a copy and for `sentinel.sh`; REDIS_FIRST_HOST and REDIS_FIRST_PORT make this one a copy.
set -eu
[ -z "${REDIS_PASSWORD_FILE:-}" ] || REDIS_PASSWORD=$(cat "$REDIS_PASSWORD_FILE")
[ -z "${REDIS_PEER_PASSWORD_FILE:-}" ] || REDIS_PEER_PASSWORD=$(cat "$REDIS_PEER_PASSWORD_FILE")
: "${REDIS_PASSWORD:?}"

# Messages in lists, their queues in sets; queues of replies that end (scripts of the client); what all
# workers hear by PUBLISH. Workers of the release before keep messages under way in a hash and a sorted
# set, under a lock while they put lost ones back.
commands="+ping +auth +hello +select +client|setname +client|id
  +lpush +rpush +brpop +rpop +llen +del +exists +pexpire
  +zadd +zrem +zrange +zrangebyscore +hset +hget +hdel
  +sadd +srem +smembers
  +watch +unwatch +multi +exec +discard
  +get +set +time +evalsha +script|load +script|exists
  +publish +subscribe +unsubscribe +psubscribe +punsubscribe"
# What copies and sentinels do, as the documentation of Redis lists it.
peers="+psync +replconf +ping +multi +exec +replicaof +slaveof +role +info +publish +subscribe
  +config|rewrite +client|setname +client|kill +script|kill"

hashed() {
  printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

umask 077
folder=$(mktemp -d)
{
  echo "user default off"
  echo "user portal on #$(hashed "$REDIS_PASSWORD") ~* &* -@all" $commands
  [ -z "${REDIS_PEER_PASSWORD:-}" ] || echo "user peer on #$(hashed "$REDIS_PEER_PASSWORD") &* -@all" $peers
} >"$folder/users"
# In a file, so that no list of processes shows a password.
{
  echo "aclfile $folder/users"
  echo "appendonly yes"
  echo "maxmemory-policy noeviction"
  [ -z "${REDIS_PEER_PASSWORD:-}" ] || echo "masteruser peer
masterauth $REDIS_PEER_PASSWORD"
  [ -z "${REDIS_FIRST_HOST:-}" ] || echo "replicaof $REDIS_FIRST_HOST ${REDIS_FIRST_PORT:-6379}"
} >"$folder/redis.conf"
exec redis-server "$folder/redis.conf" "$@"
