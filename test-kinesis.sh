#!/usr/bin/env bash
# Sends one log, and finds it again in the stream and in S3. Exit code 0: it is in both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/common.sh
source scripts/common.sh

usage() {
  cat <<'END'
./test-kinesis.sh [--direct]

Sends one log with an id of its own to the ingestion interface, and waits until it is back from the
stream and stored in S3.

  --direct  puts it into the stream itself, past the ingestion interface

Variables: AWS_ENDPOINT_URL, INGEST_PORT, KINESIS_STREAM_NAME, TARGET_BUCKET and others of the
README; TEST_TIMEOUT (30), seconds until the log counts as lost.
END
}

is_direct=""
case "${1:-}" in
  "") ;;
  --direct) is_direct=yes ;;
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
[[ -d node_modules ]] || fail "Nothing is installed yet: start the pipeline with ./start.sh first."

stream="${KINESIS_STREAM_NAME:-${STREAM_NAME:-stage01-logs-stream}}"
timeout="${TEST_TIMEOUT:-30}"
# shellcheck disable=SC2016 # JavaScript's dollars
IFS=' ' read -r id now prefix < <(node -e '
  const now = new Date().toISOString();
  const [, year, month, day, hour] = /^(\d+)-(\d+)-(\d+)T(\d+)/.exec(now);
  const prefix = `service=test-kinesis/year=${year}/month=${month}/day=${day}/hour=${hour}/`;
  console.log(crypto.randomUUID(), now, prefix);
')
log="{\"timestamp\":\"$now\",\"service\":\"test-kinesis\",\"level\":\"INFO\",\"message\":\"one record through\",\"test_id\":\"$id\"}"

probe() { AWS_ENDPOINT_URL="$aws_url" node scripts/run.mjs probe "$@"; }
lost() { fail "FAILED: $*"; }

say "One log, test_id $id"
if [[ -n "$is_direct" ]]; then
  place="$(probe put --log "$log" 2>&1)" || lost "stream $stream at $aws_url does not take it: $place"
  row sent "PutRecord to $aws_url"
else
  answer="$(call_ingest "$ingest_url/api/ingest/batch" -H 'content-type: application/json' \
    -d "{\"logs\":[$log]}" 2>&1)" ||
    lost "the ingestion interface at $ingest_url does not take it: $answer"
  [[ "$(json body.accepted <<<"$answer")" == 1 ]] || lost "not accepted: $answer"
  row sent "$ingest_url: $(json body.message <<<"$answer")"
fi

find_in() { probe "$@" --text "$id" --timeout "$timeout" --since "$now" 2>&1; }
place="$(find_in stream)" || lost "not in stream $stream: $place"
row stream "$stream: ${place/ /, record }"
place="$(find_in object --prefix "$prefix")" ||
  lost "in the stream, not in s3://$bucket/$prefix: $place Does the consumer run? ./start.sh"
row object "$place"
say "${bold}Passed${reset} in $SECONDS s."
