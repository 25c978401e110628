#!/usr/bin/env bash
# Runs two conformance suites that others wrote, scim2-tester and scim-sanity, against this tree's server on an empty SQLite file.
# Needs Node and Python 3.10 or newer, and a package index for pip. Ends with 0 when nothing is wrong but what
# scripts/conformance/deviations.json explains; what was last seen is in docs/conformance.md.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
server=""
finish() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --requirement scripts/conformance/requirements.txt

node scripts/build.mjs --if-stale

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export FURLOUGH_BOOTSTRAP_SCIM_TOKEN FURLOUGH_BOOTSTRAP_ADMIN_KEY
FURLOUGH_BOOTSTRAP_SCIM_TOKEN=$(openssl rand -hex 32)
FURLOUGH_BOOTSTRAP_ADMIN_KEY=$(openssl rand -hex 32)
HOST=127.0.0.1 PORT=$port FURLOUGH_BASE_URL="http://127.0.0.1:$port" FURLOUGH_STORAGE="sqlite:$work/furlough.db" \
  FURLOUGH_SECRET=$(openssl rand -base64 32) FURLOUGH_LOG_LEVEL=warn \
  node --disable-proto=delete dist/main.js >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
  curl --silent --fail --output /dev/null "http://127.0.0.1:$port/readyz" && break
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.2
done

status=0
"$work/venv/bin/python" scripts/conformance/run_suites.py "http://127.0.0.1:$port" || status=$?
# A suite that makes the server say "our fault" has found something, whatever it thinks of the answer.
if grep --quiet '"scim.error"' "$work/server.log"; then
  grep '"scim.error"' "$work/server.log" >&2
  status=1
fi
exit "$status"
