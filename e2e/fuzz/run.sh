#!/bin/sh
# Fuzzes a running gateway through its own OpenAPI document, with schemathesis (https://schemathesis.io; needs Python 3.10).
#
#   RATE_LIMIT_MULTIPLIER=100000 WEBHOOK_ALLOW_CIDRS=127.0.0.0/8 npm start
#   e2e/fuzz/run.sh http://localhost:3000 test_… [more options of schemathesis]
#
# The key's merchant should have one wallet. FUZZ_EXAMPLES (default 200): random cases an operation and phase.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: e2e/fuzz/run.sh GATEWAY_URL TEST_KEY [options]" >&2
  exit 2
fi
url=${1%/}
key=$2
shift 2

here=$(cd "$(dirname "$0")" && pwd)
venv=${FUZZ_VENV:-${TMPDIR:-/tmp}/usdt-gateway-fuzz}
if [ ! -x "$venv/bin/schemathesis" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "schemathesis>=4.3,<5"
fi

# It leaves files where it runs.
cd "$venv"
exec "$venv/bin/schemathesis" --config-file "$here/schemathesis.toml" run "$url/api/v1/openapi.json" \
  --url "$url/api/v1" --header "Authorization: Bearer $key" \
  --phases examples,coverage,fuzzing,stateful --checks all --mode all \
  --max-examples "${FUZZ_EXAMPLES:-200}" --continue-on-failure --workers 4 --request-timeout 60 "$@"
