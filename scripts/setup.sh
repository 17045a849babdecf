# Set-up shared by scripts/demo and scripts/test: sourced, POSIX sh, run from the project's directory.
# Everything that it installs is announced in one line; what is there already costs nothing.

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "cannot go on: $1"
    [ -z "${2:-}" ] || say "  $2"
    exit 3
}

as_root_or_tell() { # packages...
    if [ "$(id -u)" -ne 0 ]; then
        fail "missing: $*" "type: sudo apt-get install --no-install-recommends $*"
    fi
    command -v apt-get >/dev/null 2>&1 || fail "missing: $*, and there is no apt-get to install them"
    say "installing with apt-get: $*"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -qq >/dev/null || fail "apt-get update failed" "check the network, then run this again"
    # shellcheck disable=SC2086 # one word a package
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null || fail "apt-get install $* failed"
}

need_commands() { # command:package ...
    missing=
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    # shellcheck disable=SC2086 # a list
    [ -z "$missing" ] || as_root_or_tell $missing
}

need_disk() { # directory gigabytes
    free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1000000) }')
    [ "$free" -ge "$2" ] || fail "$1 has $free GB free, $2 GB are needed" "free some space, then run this again"
}

find_python() {
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            PYTHON=$candidate
            return
        fi
    done
    fail "no Python 3.11 or later was found" "type: sudo apt-get install python3 (Debian 12 or later)"
}

# The virtual environment .venv with jettison in it, from this checkout; `dev` adds the tools of the tests.
make_environment() { # [dev]
    find_python
    what=${1:-user}
    stamp=.venv/.made-for
    wanted="$what $("$PYTHON" -c 'import sys, hashlib; print(sys.version_info[:2], hashlib.sha256(open("pyproject.toml", "rb").read()).hexdigest())')"
    [ "$(cat $stamp 2>/dev/null)" = "$wanted" ] || [ "$(cat $stamp 2>/dev/null)" = "dev ${wanted#* }" ] || {
        say "setting up .venv with $PYTHON (from PyPI: jettison's dependencies$([ "$what" = dev ] && echo " and the tools of its tests"))"
        if ! "$PYTHON" -m venv .venv >/dev/null 2>&1; then # Debian's python3 has no ensurepip
            rm -rf .venv
            "$PYTHON" -m venv --without-pip .venv || fail "$PYTHON cannot make a virtual environment"
        fi
        if .venv/bin/python -m pip --version >/dev/null 2>&1; then
            pip=".venv/bin/python -m pip"
        elif "$PYTHON" -m pip --version >/dev/null 2>&1; then
            pip="$PYTHON -m pip --python .venv/bin/python"
        else
            as_root_or_tell python3-pip
            pip="$PYTHON -m pip --python .venv/bin/python"
        fi
        : >.venv/.tools
        [ "$what" != dev ] || "$PYTHON" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]["dev"], sep="\n")' >.venv/.tools
        # shellcheck disable=SC2086 # words
        $pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore -e . -r .venv/.tools ||
            fail "pip could not install from PyPI" "check the network (PIP_INDEX_URL, proxies), then run this again"
        echo "$wanted" >$stamp
    }
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
}

# Buildah and what runs an application apart from the host; the tools that make and serve the stand-in bases.
need_engine() {
    need_commands buildah:buildah skopeo:skopeo ip:iproute2 unshare:util-linux
    need_commands mmdebstrap:mmdebstrap debuerreotype-init:debuerreotype docker-registry:docker-registry umoci:umoci
    [ "$(id -u)" -eq 0 ] || fail "the engine's tests build images, which needs root" "type: sudo $0"
}

# Docker and Podman beside Buildah, for the tests of every engine; a daemon that answers is used as it is.
need_docker() {
    need_commands podman:podman # 36 MB
    docker version >/dev/null 2>&1 || need_commands dockerd:docker.io
}
