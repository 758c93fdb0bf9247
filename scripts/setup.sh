#!/bin/sh
# Installs what is missing on a fresh Debian or Ubuntu machine with Rust: a C toolchain, PostgreSQL, a wasm target, Python
# for the tests in which AWS's own client talks to the Bedrock of the tests and schemathesis to the API, and Node.js for a
# mock of OpenAI's API and for Supabase's own client.
set -eu

say() { echo "==> $*" >&2; }

fail() {
    echo "setup: $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else fail "run this as root: $*"; fi
}

install() {
    command -v apt-get >/dev/null || fail "no apt-get here; install by hand: $*"
    say "Installing $*"
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

command -v cargo >/dev/null || fail "no Rust here; install it from https://rustup.rs"

missing=""
command -v cc >/dev/null || missing="$missing build-essential"
# Debian keeps the server's programs out of the PATH.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null ||
    missing="$missing postgresql postgresql-contrib"
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3 python3-venv"
command -v npm >/dev/null || missing="$missing nodejs npm"
# shellcheck disable=SC2086 # A list of words.
[ -z "$missing" ] || install $missing

target=wasm32-unknown-unknown
has_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; }
has_debian() { [ -d /usr/lib/rustlib/src/rust/library ] && [ -x /usr/bin/cargo ]; }
if ! has_target && ! has_debian; then
    if command -v rustup >/dev/null && rustup target add $target >/dev/null 2>&1; then
        say "Added the target $target"
    else
        install rustc-web cargo-web rust-web-src
    fi
fi
