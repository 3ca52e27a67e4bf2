# System packages, where they can be had without asking: as root on Debian. Sourced.
# shellcheck shell=bash

can_install_packages() { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; }

install_packages() { # install_packages PACKAGE...
  [ $# -gt 0 ] || return 0
  printf 'installing %s\n' "$*" >&2
  apt-get -q update >&2 && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >&2
}
