#!/usr/bin/env bash
# Installs the servers that ours is measured beside, each pinned, from its registry: node, python, go, socketioxide. Does nothing where
# all is up to date.
#
#   peers/install.sh NAME...     into this folder; socketioxide into the target folder
#
# One that cannot be had here is named and left out; the others are measured.
set -uo pipefail
cd "$(dirname "$0")" || exit
target=${CARGO_TARGET_DIR:-$PWD/../../target}

main() {
    local peer
    for peer; do
        case $peer in
            node | python | go | socketioxide) "$peer" || echo "install.sh: $peer is left out: it could not be installed" >&2 ;;
            floor | ours-2threads) ;; # built with ours
            *) echo "install.sh: unknown peer '$peer' (node python go socketioxide)" >&2; exit 2 ;;
        esac
    done
}

node() {
    has npm || ../../scripts/packages only npm || return
    local stamp
    stamp=$( (command node --version; cat node/package.json node/package-lock.json) | sha256sum)
    up_to_date node/node_modules/.installed "$stamp" && return
    npm ci --prefix node --ignore-scripts --no-audit --no-fund --loglevel=error && echo "$stamp" >node/node_modules/.installed
}

python() {
    has python3 || ../../scripts/packages only python3 || return
    local stamp
    stamp=$( (python3 -c 'import sys; print(sys.version, sys.base_prefix)'; cat python/requirements.txt) | sha256sum)
    up_to_date python/.venv/.installed "$stamp" && return
    rm -rf python/.venv
    python3 -m venv python/.venv &&
        python/.venv/bin/pip install -q --disable-pip-version-check --no-deps -r python/requirements.txt &&
        echo "$stamp" >python/.venv/.installed
}

go() {
    has go || { echo "install.sh: there is no go here" >&2; return 1; }
    (cd go && command go build -mod=readonly -o peer .)
}

socketioxide() {
    cargo build --release --locked --manifest-path socketioxide/Cargo.toml --target-dir "$target/peers"
}

up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
has() { command -v "$1" >/dev/null; }

main "$@"
