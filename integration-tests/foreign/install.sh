#!/bin/sh
# Installs the foreign clients that the integration tests run: packages from npm into `node_modules`, from PyPI into
# `.venv`, and Chromium from Debian. Does nothing where all is up to date.
#
#     foreign/install.sh                 everything
#     foreign/install.sh node python     without the browser
set -eu
cd "$(dirname "$0")"

main() {
    [ $# -gt 0 ] || set -- node python browser
    for part in "$@"; do
        case $part in
            node) install_node ;;
            python) install_python ;;
            browser) install_browser ;;
            *) echo "install.sh: unknown part '$part' (node, python, browser)" >&2; exit 2 ;;
        esac
    done
}

install_node() {
    have node || debian nodejs
    have npm || debian npm
    stamp=$( (node --version; cat package.json package-lock.json) | sum_of)
    up_to_date node_modules/.installed "$stamp" && return
    npm ci --no-audit --no-fund --loglevel=error
    echo "$stamp" > node_modules/.installed
}

install_python() {
    have python3 || debian python3
    # Debian splits `venv` off; other builds of Python have it built in.
    python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3-venv
    stamp=$( (python3 -c 'import sys; print(sys.version, sys.base_prefix)'; cat requirements.txt) | sum_of)
    up_to_date .venv/.installed "$stamp" && return
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
    echo "$stamp" > .venv/.installed
}

install_browser() {
    for browser in "${CHROMIUM:-chromium}" chromium chromium-browser google-chrome; do
        have "$browser" && return
    done
    debian chromium fonts-dejavu-core
}

up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
have() { command -v "$1" >/dev/null 2>&1; }
sum_of() { sha256sum | cut -d ' ' -f 1; }

debian() {
    if ! have apt-get || [ "$(id -u)" -ne 0 ]; then
        echo "install.sh: missing: $*; install it, or run this as root on Debian" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

main "$@"
