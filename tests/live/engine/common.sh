# Where the private Docker Engine lives, and how to ask whether it answers. Sourced, never run.
# shellcheck shell=bash disable=SC2034
#
# Everything stands in one cache folder, so that deleting the folder undoes all of it:
#   bin/ docker-config/   the programs and the CLI plug-ins, first on PATH when started
#   debs/ root/ apt/      the packages they come from, unpacked
#   base.tar              the base image, made once
#   run/ data/            the daemon's socket, pid and log; its images and containers

CACHE="${SLIPWAY_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway-test}"
BIN="$CACHE/bin"
RUN="$CACHE/run"
DATA="$CACHE/data"
BASE_TAR="$CACHE/base.tar"
PIDFILE="$RUN/dockerd.pid"
SOCKET="$RUN/docker.sock"
HOST_URL="unix://$SOCKET"

# The suite Engine, Compose and the base image come from, and the name the runtimes build on.
SUITE="trixie"
BASE_IMAGE="debian:$SUITE-slim"
KEYRING="/usr/share/keyrings/debian-archive-keyring.gpg"

say() { printf '%s\n' "$*" >&2; }

die() {
  say "engine: $1"
  [ $# -lt 2 ] || say "hint: $2"
  exit 1
}

# One installer and one starter at a time: the lock is fd 9, which a daemon must not inherit.
lock() {
  mkdir -p "$CACHE"
  exec 9>"$CACHE/lock"
  flock 9
}

answers() {
  [ -S "$SOCKET" ] && env -u DOCKER_CONTEXT DOCKER_HOST="$HOST_URL" timeout 10 "$BIN/docker" version >/dev/null 2>&1
}

# The private daemon's pid while it lives. A pid that now belongs to another program does not count.
daemon_pid() {
  local pid
  pid=$(cat "$PIDFILE" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] && printf '%s\n' "$pid"
}
