# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# common: what the scripts share. Sourced, not run. Sets ROOT, the top of the checkout.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config libmodbus-dev libmosquitto-dev libsqlite3-dev libconfig-dev
libjansson-dev libmicrohttpd-dev libcurl4-openssl-dev libssl-dev libsystemd-dev zlib1g-dev ca-certificates"
DEMO_PACKAGES="mosquitto mosquitto-clients socat curl"
INFLUX_PACKAGES="influxdb influxdb-client"
TEST_PACKAGES="libcmocka-dev python3 python3-yaml mosquitto mosquitto-clients influxdb influxdb-client victoria-metrics openssl socat curl procps"
LINT_PACKAGES="clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev cppcheck codespell shellcheck gcovr git mandoc"

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

missing_packages() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            printf '%s ' "$package"
        fi
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "needs root to install packages: run it as root, or install sudo"
    fi
}

# Installs what is missing and nothing else; needs no network when all is there. RUNLEVEL=1 keeps Debian from starting
# the system's own broker and database: the scripts start private ones.
install_packages() {
    local missing
    command -v dpkg-query >/dev/null || fail "this is no Debian system; see docs/BUILD.md for the packages needed"
    # shellcheck disable=SC2068
    missing=$(missing_packages $@)
    if [ -z "$missing" ]; then
        say "  all packages are there"
        return
    fi
    say "  installing: $missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 update >/tmp/lingtan-apt.$$ 2>&1 ||
        { cat /tmp/lingtan-apt.$$ >&2; rm -f /tmp/lingtan-apt.$$; fail "apt-get update failed: is the network there?"; }
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -y -o Dpkg::Use-Pty=0 \
        install --no-install-recommends $missing >/tmp/lingtan-apt.$$ 2>&1 ||
        { tail -n 30 /tmp/lingtan-apt.$$ >&2; rm -f /tmp/lingtan-apt.$$; fail "apt-get install failed: $missing"; }
    rm -f /tmp/lingtan-apt.$$
}

# Builds a preset in the checkout; shows progress on a terminal, the end of the output when it fails.
build_preset() {
    local preset=$1 log
    shift
    log=$(mktemp)
    mkdir -p "$ROOT/build"
    (cd "$ROOT" && cmake --preset "$preset" "$@") >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; fail "configuring failed"; }
    if [ -t 1 ]; then
        cmake --build "$ROOT/build/$preset" || { rm -f "$log"; fail "the build failed: see above"; }
    else
        cmake --build "$ROOT/build/$preset" >"$log" 2>&1 || { tail -n 40 "$log" >&2; rm -f "$log"; fail "the build failed"; }
    fi
    rm -f "$log"
}
