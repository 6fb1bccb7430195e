#!/usr/bin/env bash
# Lets the upstream servers make logs, and watches every one of them reach S3. Exit code 0: all did.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/common.sh
source scripts/common.sh

usage() {
  cat <<'END'
./test-pipeline.sh

Asks every part for its health, has the upstream servers make logs for some seconds, and waits until
each log that was accepted is stored in S3. The pipeline runs already: ./start.sh --with-mock-servers

Variables: RATE (200), logs a second; DURATION (10), seconds they are made for; TEST_TIMEOUT (60),
seconds the last of them may take; ports and names as in the README.
END
}

case "${1:-}" in
  "") ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
require node curl
rate="${RATE:-200}" duration="${DURATION:-10}" timeout="${TEST_TIMEOUT:-60}"
[[ "$rate$duration$timeout" =~ ^[0-9]+$ ]] || fail "RATE, DURATION and TEST_TIMEOUT are whole numbers."

failures=0
flunk() {
  complain "  FAILED: $*"
  failures=$((failures + 1))
}
end_if_failed() {
  if [[ $failures -gt 0 ]]; then fail "FAILED after $SECONDS s: $failures of the checks above."; fi
}

row_width=21
say "Health"
check() {
  local name="$1" url="$2" answer status
  if answer="$(call "$url/health" 2>&1)"; then
    status="$(json body.status <<<"$answer")"
    row "$name" "$url  ${status:-no status}"
  else
    flunk "$name at $url: $answer"
  fi
}
check Ingest "$ingest_url"
check Dashboard "$dashboard_url"
# Its first sign of life comes some seconds after npm start says that everything runs.
if wait_for "$((failures > 0 ? 0 : 20))" is_consuming; then
  row Consumer running
else
  status="$(consumer_status)"
  flunk "the consumer is ${status:-not known}"
fi
for url in "${mock_urls[@]}"; do
  answer="$(call "$url/health" 2>/dev/null || true)"
  name="$(json body.service <<<"$answer")"
  check "${name:-mock server}" "$url"
done
if [[ $failures -gt 0 ]]; then
  complain "Start what is missing: ./start.sh --with-mock-servers"
  end_if_failed
fi

# The ledger of the dashboard, all streams together: what was answered as accepted, and where it is.
figures=""
read_figures() {
  figures="$(call "$dashboard_url/api/stats/summary" 2>/dev/null | json '
    ((streams) => {
      const sum = (name) => streams.reduce((total, stream) => total + (stream[name] ?? 0), 0);
      const states = streams.map(({ state }) => state);
      const state = ["open", "unknown", "in_flight"].find((s) => states.includes(s)) ?? "balanced";
      const accepted = sum("accepted") - sum("deduplicated");
      return [accepted, sum("stored"), sum("quarantined"), sum("missing"), body.s3.total_objects, state].join(" ");
    })(body.ledger.streams)')" || figures=""
  [[ -n "$figures" ]]
}
rejected_logs() { call_ingest "$ingest_url/api/metrics" 2>/dev/null | json body.totals.rejected; }
orchestrate() { call -X POST "$mock_url/api/continuous/$1" -H 'content-type: application/json' -d "$2"; }

read_figures || fail "The dashboard does not tell its ledger: $dashboard_url/api/stats/summary"
read -r accepted0 stored0 quarantined0 _ objects0 _ <<<"$figures"
rejected0="$(rejected_logs)"

say "Generation"
is_making=""
stop_making() {
  [[ -z "$is_making" ]] || orchestrate stop "{}" >/dev/null 2>&1 || true
}
trap stop_making EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
answer="$(orchestrate start "{\"enabled\":true,\"normal_log_rate\":$rate,\"anomaly_frequency\":5,\"anomaly_duration\":5}" 2>&1)" ||
  fail "The orchestrator at $mock_url does not start: $answer"
is_making=yes
row started "$rate logs/s for $duration s"

made_logs() {
  call "$mock_url/api/continuous/stats" 2>/dev/null | json body.normal_logs_generated || true
}
progress() { [[ ! -t 1 ]] || printf '\r\e[K  %-*s  %s' "$row_width" "$1" "$2"; }
end_progress() { [[ ! -t 1 ]] || printf '\r\e[K'; }

time_is_up() {
  read_figures || true
  read -r accepted stored _ <<<"$figures"
  progress "at $((SECONDS - started_at)) s" "made $(made_logs), accepted $((accepted - accepted0)), in S3 $((stored - stored0))"
  ((SECONDS - started_at >= duration))
}
started_at=$SECONDS
wait_for "$((duration + 5))" time_is_up || true
end_progress
answer="$(orchestrate stop "{}" 2>&1)" || fail "The orchestrator at $mock_url does not stop: $answer"
is_making=""
made="$(json '(body.stats.normal_logs ?? 0)' <<<"$answer")"
row made "${made:-0} logs, $(json '(body.stats.anomalies ?? 0)' <<<"$answer") anomalies"
[[ "${made:-0}" -gt 0 ]] || flunk "no log was made: $answer"

say "Storage"
is_all_stored() {
  read_figures || return 1
  read -r accepted stored quarantined missing objects state <<<"$figures"
  progress "waiting" "accepted $((accepted - accepted0)), in S3 $((stored - stored0)), ledger $state"
  [[ "$state" == balanced ]] && ((accepted - accepted0 >= ${made:-0} && missing == 0))
}
wait_for "$timeout" is_all_stored || true
end_progress
rejected="$(rejected_logs)"
row accepted "$((accepted - accepted0)) logs"
row stored "$((stored - stored0)) logs in $((objects - objects0)) new objects; ledger: $state"
((accepted - accepted0 >= ${made:-0})) || flunk "$made logs were made, $((accepted - accepted0)) were accepted within $timeout s"
[[ "$state" == balanced && "$missing" -eq 0 ]] || flunk "$missing accepted logs are not in S3 within $timeout s; ledger: $state"
((stored - stored0 > 0)) || flunk "nothing reached S3"
((quarantined == quarantined0)) || flunk "$((quarantined - quarantined0)) logs are in quarantine: npm run quarantine -- list"
((rejected == rejected0)) || flunk "$((rejected - rejected0)) logs were rejected: $ingest_url/api/metrics"

# A line of the newest object of some services, cut to the width of the terminal.
show_samples() {
  local service key line width=$((${COLUMNS:-100} - 2)) partitions
  [[ ! -t 1 ]] || width=$(($(tput cols 2>/dev/null || echo 100) - 2))
  partitions="$(call "$dashboard_url/api/s3/bucket/$bucket/partitions")" || return 1
  while read -r service; do
    key="$(call "$dashboard_url/api/s3/bucket/$bucket/objects?max_keys=1000&prefix=$service" |
      json 'body.objects.sort((a, b) => (a.last_modified < b.last_modified ? 1 : -1))[0].key')"
    [[ -n "$key" ]] || continue
    line="$(call --get --data-urlencode "key=$key" --data lines=1 "$dashboard_url/api/s3/object/$bucket/_" |
      json 'JSON.stringify(body.logs[0])')"
    say "  $key"
    say "    ${line:0:$((width - 2))}"
  done < <(json '
    body.partitions
      .sort((a, b) => (a.newest_object < b.newest_object ? 1 : -1))
      .filter(({ service }, at, all) => all.findIndex((other) => other.service === service) === at)
      .slice(0, 3)
      .map(({ prefix }) => encodeURIComponent(prefix))
      .join("\n")' <<<"$partitions")
}
say "Samples"
show_samples || flunk "no samples: $dashboard_url/api/s3/bucket/$bucket/partitions does not answer"
end_if_failed
say "${bold}Passed${reset} in $SECONDS s."
