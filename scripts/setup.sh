#!/bin/sh
# Sets up what a target needs: scripts/setup.sh [python] [static] [chromium]. Says what is missing in a sentence.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else return 1
    fi
}

apt_install() { # packages…
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

say() { printf '%s\n' "$*" >&2; }

setup_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
        say "Playhead needs Python 3.11 or newer; '$python' is not. Set PYTHON=/path/to/python3."
        exit 1
    }
    if [ ! -x .venv/bin/python ]; then
        say "Making the virtual environment .venv"
        "$python" -m venv .venv 2>/dev/null || {
            rm -rf .venv
            say "Installing python3-venv"
            apt_install python3-venv || {
                say "Python's venv module is missing: install it (on Debian and Ubuntu: apt-get install python3-venv) and try again."
                exit 1
            }
            "$python" -m venv .venv
        }
    fi
    say "Installing Python packages"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements.lock
}

setup_static() {
    if [ -f sdk/package.json ] && [ -f web/package.json ]; then
        say "Building the SDK and the dashboard"
        .venv/bin/python hatch_build.py
    fi
    PLAYHEAD_SKIP_STATIC=1 .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
}

setup_chromium() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    say "Installing Chromium for the browser tests"
    apt_install chromium || {
        say "The browser tests need Chromium, and it could not be installed: install it (on Debian: apt-get install chromium, as root) and try again."
        exit 1
    }
}

for part in "$@"; do "setup_$part"; done
