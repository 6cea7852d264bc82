#!/usr/bin/env bash
# Runs the Autobahn suite's fuzzing client against a WebSocket echo server: run.sh SERVER
#
# SERVER is started with PORT=0 and says on its first line where it listens: `listening on 127.0.0.1:PORT`.
# The suite is a Python 2.7 program: PY27 names one, else pyenv's 2.7.18 is taken, else `python2.7`.
# The reports land in .cache/autobahn/reports/index.html. Ends with 1 when a case failed.
set -euo pipefail
server=$(realpath "$1")
cd "$(dirname "$0")/.."
cache=$PWD/.cache/autobahn
mkdir -p "$cache"

python=${PY27:-}
[[ -n $python ]] || python=$(pyenv prefix 2.7.18 2>/dev/null)/bin/python2.7 || true
[[ -x $python ]] || python=$(command -v python2.7) || {
    echo "the Autobahn suite needs Python 2.7: set PY27, or pyenv install 2.7.18" >&2
    exit 2
}

if [[ ! -e $cache/installed ]]; then
    echo "installing the suite into $cache"
    rm -rf "$cache/site"
    "$python" -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --target "$cache/site" autobahntestsuite==25.10.1 >"$cache/install.log" 2>&1 || {
        tail -n 20 "$cache/install.log" >&2
        exit 2
    }
    touch "$cache/site/zope/__init__.py" # a namespace package otherwise, which is not found in a folder of its own
    touch "$cache/installed"
fi

rm -rf "$cache/reports" "$cache/echo.out"
PORT=0 "$server" >"$cache/echo.out" 2>"$cache/echo.log" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM
for _ in {1..100}; do
    address=$(sed -n 's/^listening on //p' "$cache/echo.out")
    [[ -z $address ]] || break
    kill -0 "$pid" || { cat "$cache/echo.log" >&2; exit 1; }
    sleep 0.1
done
[[ -n $address ]] || { echo "$server did not say where it listens" >&2; exit 1; }

cat >"$cache/suite.json" <<JSON
{
  "options": {"failByDrop": false},
  "outdir": "$cache/reports",
  "servers": [{"agent": "socketio-core", "url": "ws://$address", "options": {"version": 18}}],
  "cases": ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"],
  "exclude-cases": [],
  "exclude-agent-cases": {}
}
JSON
PYTHONPATH=$cache/site "$python" -c 'from autobahntestsuite.wstest import run; run()' \
    --mode fuzzingclient --spec "$cache/suite.json" >"$cache/suite.log" 2>&1 || {
    tail -n 20 "$cache/suite.log" >&2
    exit 1
}

python3 autobahn/verdict.py "$cache/reports/index.json"
