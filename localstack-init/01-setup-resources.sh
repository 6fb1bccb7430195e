#!/usr/bin/env bash
# Creates the streams and buckets of the pipeline that are missing; what exists stays as it is.
# LocalStack and MiniStack run it once they are ready. Elsewhere: AWS_ENDPOINT_URL=… ./01-setup-resources.sh
set -euo pipefail

logs_stream="${KINESIS_STREAM_NAME:-${STREAM_NAME:-stage01-logs-stream}}"
metrics_stream="${METRICS_STREAM_NAME:-stage01-metrics-stream}"
buckets=("${TARGET_BUCKET:-md-raw-logs}" "${METRICS_BUCKET:-md-raw-metrics}" "${APM_BUCKET:-md-raw-apm}")
shard_count="${SHARD_COUNT:-2}"
region="${AWS_REGION:-${AWS_DEFAULT_REGION:-us-east-1}}"
export AWS_DEFAULT_REGION="$region" AWS_PAGER=""

if command -v awslocal >/dev/null; then
  aws_command=(awslocal)
else
  aws_command=(aws --endpoint-url "${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}")
  # Emulators take any key; the CLI wants one.
  export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
fi

# Runs the AWS CLI. Its error text stands in $error afterwards; an error matching the pattern in $1
# returns 1, any other ends the script with its text.
error=""
call() {
  local tolerated="$1" errors
  shift
  errors="$(mktemp)"
  if "${aws_command[@]}" "$@" >/dev/null 2>"$errors"; then
    rm -f "$errors"
    return 0
  fi
  error="$(cat "$errors")"
  rm -f "$errors"
  [[ "$error" =~ $tolerated ]] && return 1
  echo "Failed: ${aws_command[*]} $*" >&2
  echo "$error" >&2
  exit 1
}

ensure_stream() {
  local name="$1" result="exists"
  if ! call "ResourceNotFoundException" kinesis describe-stream-summary --stream-name "$name"; then
    # In use: someone else created it in this moment, which is as good.
    if call "ResourceInUseException" kinesis create-stream --stream-name "$name" --shard-count "$shard_count"; then
      result="created, $shard_count shards"
    fi
    call "^$" kinesis wait stream-exists --stream-name "$name"
  fi
  echo "stream $name: $result"
}

ensure_bucket() {
  local name="$1" result="exists"
  if ! call "404|NoSuchBucket|Not Found" s3api head-bucket --bucket "$name"; then
    local location=()
    # us-east-1 is the one region that refuses to be named here.
    [[ "$region" == "us-east-1" ]] || location=(--create-bucket-configuration "LocationConstraint=$region")
    if call "BucketAlreadyOwnedByYou" s3api create-bucket --bucket "$name" ${location[@]+"${location[@]}"}; then
      result="created"
    fi
  fi
  echo "bucket $name: $result"
}

ensure_stream "$logs_stream"
ensure_stream "$metrics_stream"
for bucket in "${buckets[@]}"; do ensure_bucket "$bucket"; done
echo "streams and buckets are ready"
