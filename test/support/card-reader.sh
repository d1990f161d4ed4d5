#!/usr/bin/env bash
# Runs a script with a simulated card in a virtual PC/SC reader, in namespaces of its own: pcscd has one fixed place under /run,
# and vpcd listens on every address. Usage: card-reader.sh <data folder> <card> <script>
set -uo pipefail
if [ "${1-}" != --inside ]; then
  mkdir -p /run/pcscd 2>/dev/null || true
  exec unshare --map-root-user --mount --net "$0" --inside "$@"
fi
data="$2" card="$3" script="$4"
mount -t tmpfs none /run
mkdir /run/pcscd
ip link set lo up
pcscd --foreground -e >"$data/pcscd.log" 2>&1 &
reader=$!
until (exec 3<>/dev/tcp/127.0.0.1/35963) 2>/dev/null; do
  kill -0 "$reader" 2>/dev/null || { cat "$data/pcscd.log" >&2; exit 1; }
  sleep 0.05
done
DATA_DIR="$data" node services/cli.ts card insert "$card" >&2 &
inserted=$!
for _ in $(seq 60); do
  opensc-tool --name 2>/dev/null | grep -q jpki && break
  kill -0 "$inserted" 2>/dev/null || exit 1
  sleep 0.25
done
bash "$script"
status=$?
# The card first: the reader does not survive a card that is gone while it polls.
kill "$inserted" && wait "$inserted"
kill "$reader" && wait "$reader"
exit "$status"
