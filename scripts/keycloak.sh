#!/usr/bin/env bash
# Runs sign-ins, a deactivation and refusals by SAML and by OIDC against a real Keycloak, in a real browser, on this tree's server with an empty
# SQLite file. Needs Node, a JDK (17 or newer) with Maven, and Chromium (CHROMIUM names it, if it is not on the PATH). The distribution
# is fetched once from Maven Central and kept outside the tree, unpacked: it compiles itself at its first start, which takes minutes. Ends with 0 when everything came out as it should; what was last seen is in
# docs/conformance.md.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${KEYCLOAK_VERSION:-26.7.3}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/furlough-test
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}

work=$(mktemp -d)
started=()
finish() {
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${started[@]}"; do wait "$process" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT

keycloak=$cache/keycloak-$version
if [ ! -d "$keycloak" ]; then
  mkdir -p "$cache"
  mvn --batch-mode --quiet dependency:copy -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:zip" \
    -DoutputDirectory="$work/fetched" -Dtransitive=false
  (cd "$work" && jar xf "fetched/keycloak-quarkus-dist-$version.zip")
  mv "$work/keycloak-$version" "$keycloak"
fi

node scripts/build.mjs --if-stale

free_port() { node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free_port)
keycloak_port=$(free_port)
export GATE_URL=http://localhost:$port KEYCLOAK_URL=http://localhost:$keycloak_port
export FURLOUGH_BOOTSTRAP_ADMIN_KEY KEYCLOAK_ADMIN_SECRET
FURLOUGH_BOOTSTRAP_ADMIN_KEY=$(openssl rand -hex 32)
KEYCLOAK_ADMIN_SECRET=$(openssl rand -hex 32)

JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1 JAVA_OPTS_KC_HEAP="-Xms64m -Xmx640m" KC_BOOTSTRAP_ADMIN_CLIENT_ID=driver KC_BOOTSTRAP_ADMIN_CLIENT_SECRET=$KEYCLOAK_ADMIN_SECRET \
  bash "$keycloak/bin/kc.sh" start-dev --db=dev-mem --http-host=127.0.0.1 --http-port="$keycloak_port" --hostname="$KEYCLOAK_URL" \
  >"$work/keycloak.log" 2>&1 &
started+=($!)
HOST=127.0.0.1 PORT=$port FURLOUGH_BASE_URL=$GATE_URL FURLOUGH_STORAGE="sqlite:$work/furlough.db" \
  FURLOUGH_SECRET=$(openssl rand -base64 32) FURLOUGH_LOG_LEVEL=warn FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS=true \
  node --disable-proto=delete dist/main.js >"$work/server.log" 2>&1 &
started+=($!)

wait_for() {
  for _ in $(seq 1800); do
    curl --silent --fail --output /dev/null "$1" && return
    for process in "${started[@]}"; do kill -0 "$process" 2>/dev/null || break 2; done
    sleep 0.5
  done
  tail -n 40 "$work/keycloak.log" "$work/server.log" >&2
  exit 1
}
wait_for "$GATE_URL/readyz"
wait_for "$KEYCLOAK_URL/realms/master/.well-known/openid-configuration"

echo "Keycloak $version, $("$CHROMIUM" --version 2>/dev/null | head -n 1), Node $(node --version)"
status=0
node --import tsx --no-warnings scripts/keycloak/drive.ts || status=$?
if [ "$status" -ne 0 ]; then tail -n 30 "$work/server.log" >&2; fi
exit "$status"
