#!/usr/bin/env bash
# Stops what start.sh started, and nothing else. Logs and checkpoints stay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/common.sh
source scripts/common.sh

[[ $# -eq 0 ]] || fail "stop.sh takes no arguments. It stops what start.sh started."
if ! read_pid && [[ ! -e "$docker_file" ]]; then
  rm -f "$pid_file"
  say "Nothing to stop: start.sh has nothing running."
  exit 0
fi
say "Stopping …"
stop_all || exit 1
say "Stopped. What was accepted is kept."
