#!/usr/bin/env bash
# Back up workspaces: to the primary store, or from it to a destination. See scripts/backup-minio.sh --help
#
# Works with the monitor running (as its client) and stopped (starts the bundled store, and stops it afterwards).
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/backup-minio.sh [--mode mirror|incremental] [--workspace NAME]... [--destination NAME]
                               [--dry-run] [--yes] [--json] [--data FOLDER] [--help]

  --mode MODE         incremental only adds; mirror also removes what is gone (at a destination after a day at
                      least). Where not given: what the destination is set to; mirror for the primary.
  --workspace NAME    only this workspace; may be repeated; all of them where not given
  --destination NAME  where to: a destination of `slipway backup list`, or primary (the default), the store itself:
                      every workspace as it stands now becomes a revision
  --dry-run           say what would be done; change nothing
  --yes               whatever is gone is meant to be: removals that wait for a person are done
  --json              answer as JSON
  --data FOLDER       the data folder [SLIPWAY_DATA, .slipway]

examples:
  scripts/backup-minio.sh
  scripts/backup-minio.sh --mode mirror --destination nas
  scripts/backup-minio.sh --workspace shop --destination r2 --dry-run

exit codes: 0 ok, 1 error, 2 usage, 3 incomplete, 4 not found, 5 refused
TEXT
}

wrong() {
  printf 'error: %s\nhint: scripts/backup-minio.sh --help\n' "$1" >&2
  exit 2
}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
destination=primary
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage && exit ;;
    --dry-run | --json) arguments+=("$1") ;;
    --yes) arguments+=(--confirm) ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
    --mode | --workspace | --data | --destination)
      [ $# -ge 2 ] || wrong "$1 needs a value"
      if [ "$1" = --destination ]; then destination=$2; else arguments+=("$1" "$2"); fi
      shift
      ;;
    *) wrong "unknown argument: $1" ;;
  esac
  shift
done
exec "$here/slipway" backup run "${arguments[@]}" -- "$destination"
