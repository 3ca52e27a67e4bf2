# The project's own Python environment: made once, brought up to date when pyproject.toml changes. Sourced.
# shellcheck shell=bash
#
#   . scripts/lib/venv.sh
#   ensure_venv bundled,test,check     # afterwards $VENV/bin/python has the project and these extras

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
VENV="$ROOT/.venv"
# shellcheck source=scripts/lib/packages.sh
. "$ROOT/scripts/lib/packages.sh"

# The first Python on PATH that is new enough and can make environments.
suitable_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$name"
      return
    fi
  done
  return 1
}

no_python() {
  printf '%s\n' 'error: no Python 3.11 or newer that can make a virtual environment' \
    'hint: apt-get install python3-venv, or your system'"'"'s equivalent' >&2
  return 1
}

# What decides whether an installation is current: the project file, and which Python it is for.
_venv_state() { cksum <"$ROOT/pyproject.toml" && "$VENV/bin/python" --version; }

_install_into_venv() { # _install_into_venv EXTRAS
  local stamp="$VENV/.installed-${1//,/-}" python
  if ! "$VENV/bin/python" -c '' 2>/dev/null; then
    suitable_python >/dev/null || { can_install_packages && install_packages python3-venv; } || true
    python=$(suitable_python) || no_python || return 1
    printf 'making %s with %s\n' "$VENV" "$python" >&2
    "$python" -m venv --clear "$VENV" || return 1
  fi
  [ "$(cat "$stamp" 2>/dev/null)" != "$(_venv_state)" ] || return 0
  printf 'installing slipway[%s]: a minute or two, this once\n' "$1" >&2
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --editable "${ROOT}[$1]" >&2 || return 1
  _venv_state >"$stamp"
}

# Two scripts started at once must not install into one another: the project file is the lock.
ensure_venv() { # ensure_venv EXTRAS
  if command -v flock >/dev/null; then
    { flock 8 && _install_into_venv "$1" 8<&-; } 8<"$ROOT/pyproject.toml"
  else
    _install_into_venv "$1"
  fi
}
