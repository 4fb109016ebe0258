#!/bin/sh
# Makes the secrets that compose.yaml mounts; those that are there already stay: sh secrets.sh ADDRESS…
# ADDRESS: what the media workers announce. The relay will pass packets on to these addresses and to nothing else.
set -eu
[ $# -gt 0 ] || { echo "usage: sh secrets.sh ADDRESS…" >&2; exit 2; }
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in cluster database redis turn; do
  [ -s "secrets/$name" ] || openssl rand -hex 32 > "secrets/$name"
done
printf 'requirepass %s\n' "$(cat secrets/redis)" > secrets/redis.conf
{
  sed -e "s/<the secret>/$(cat secrets/turn)/" -e '/^allowed-peer-ip=/d' -e '/^syslog$/d' turnserver.conf
  for address in "$@"; do echo "allowed-peer-ip=$address"; done
} > secrets/turnserver.conf
# Containers run as users of their own, hence readable; the folder keeps everybody else on this machine out.
chmod 444 secrets/*
chmod 700 secrets
