#!/usr/bin/env bash
# Put workspaces back to how they were at a moment. See scripts/restore-minio.sh --help
#
# Works with the monitor running (as its client) and stopped (starts the bundled store, and stops it afterwards).
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/restore-minio.sh [--point-in-time "2024-01-15 10:30:00"] [--mode mirror|merge] [--workspace NAME]
                                [--destination NAME] [--dry-run] [--yes] [--json] [--data FOLDER] [--help]

  --point-in-time T   the moment, in local time unless it says otherwise; now where not given
  --mode MODE         mirror: exactly as it was (the default); merge: adds and overwrites, deletes nothing
  --workspace NAME    only this workspace; all of them where not given
  --destination NAME  from where: a destination of `slipway backup list`, or primary (the default), the store itself.
                      With the primary gone or empty, a destination is all that is needed
  --dry-run           print the plan; change nothing
  --yes               do not ask
  --json              answer as JSON
  --data FOLDER       the data folder [SLIPWAY_DATA, .slipway]

What is there now becomes a revision first, so that a restore can be undone by another one.

examples:
  scripts/restore-minio.sh --workspace shop --point-in-time "2024-01-15 10:30:00" --dry-run
  scripts/restore-minio.sh --mode merge --point-in-time "10 minutes ago" --yes
  scripts/restore-minio.sh --destination nas --yes

exit codes: 0 ok, 1 error, 2 usage, 3 incomplete, 4 not found, 5 refused
TEXT
}

wrong() {
  printf 'error: %s\nhint: scripts/restore-minio.sh --help\n' "$1" >&2
  exit 2
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
moment=now
which=--all
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage && exit ;;
    --dry-run | --json | --yes) arguments+=("$1") ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    --mode | --workspace | --data | --destination | --point-in-time)
      [ $# -ge 2 ] || wrong "$1 needs a value"
      case "$1" in
        --point-in-time) moment=$2 ;;
        --workspace) which=$2 ;;
        *) arguments+=("$1" "$2") ;;
      esac
      shift
      ;;
    *) wrong "unknown argument: $1" ;;
  esac
  shift
done
arguments+=(--at "$moment")
if [ "$which" = --all ]; then
  exec "$here/slipway" restore "${arguments[@]}" --all
fi
exec "$here/slipway" restore "${arguments[@]}" -- "$which"
