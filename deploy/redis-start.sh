#!/bin/sh
# Redis with a password that never appears in a list of processes. It may forget bells (PostgreSQL holds the jobs),
# so it refuses to write when full instead of dropping anything.
set -eu
umask 077
config="${REDIS_CONFIG:-/tmp/redis.conf}"
cat > "$config" <<CONFIG
bind ${REDIS_BIND:-127.0.0.1}
port ${REDIS_PORT:-6379}
requirepass ${REDIS_PASSWORD:?}
dir ${REDIS_DIR:-/data}
appendonly yes
appendfsync everysec
save ""
maxmemory 384mb
maxmemory-policy noeviction
CONFIG
exec redis-server "$config"
