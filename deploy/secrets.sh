#!/bin/sh
# Create the secrets that compose.yaml mounts, and keep those that exist: sh secrets.sh ADDRESS…
# ADDRESS: an address that the media workers announce. coturn relays packets to these addresses only.
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
# Containers run as different users, so the files must be readable. The folder keeps other users of this machine out.
chmod 444 secrets/*
chmod 700 secrets
