# shellcheck shell=bash disable=SC2034
# What start.sh, stop.sh, test-kinesis.sh and test-pipeline.sh share. Sourced by them, with the
# repository as working directory; relative paths in variables are relative to it.

# An address to listen on everywhere is none to connect to.
case "${HOST:-}" in
  "" | 0.0.0.0 | ::) host=127.0.0.1 ;;
  *:*) host="[$HOST]" ;;
  *) host="$HOST" ;;
esac
ingest_url="http://$host:${INGEST_PORT:-8004}"
dashboard_url="http://$host:${DASHBOARD_PORT:-8010}"
aws_url="${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}" bucket="${TARGET_BUCKET:-md-raw-logs}"
# The upstream servers; the orchestrator, the first, is who starts and stops the making of logs.
mock_port="${MOCK_PORT_BASE:-8000}"
mock_url="http://127.0.0.1:$mock_port"
mock_urls=("$mock_url")
for offset in 1 2 3 5; do mock_urls+=("http://127.0.0.1:$((mock_port + offset))"); done
run_dir="${RUN_DIR:-.data/run}"
pid_file="$run_dir/pid"
log_file="$run_dir/start.log"
# Holds the profile's name when LocalStack in Docker was started for this run.
docker_file="$run_dir/docker"

bold="" red="" reset=""
if [[ -t 1 && -z "${NO_COLOR:-}" && "${TERM:-}" != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' reset=$'\e[0m'
fi

say() { printf '%s\n' "$*"; }
row_width=13
row() { printf '  %-*s  %s\n' "$row_width" "$1" "$2"; }
complain() { printf '%s\n' "$red$*$reset" >&2; }
fail() {
  complain "$*"
  exit 1
}

require() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || fail "This needs $tool, which is not on the PATH."
  done
}

# GET, or whatever curl's further arguments say; the body on stdout, non-zero unless 2xx.
call() { curl --silent --show-error --fail --noproxy '*' --max-time "${CALL_TIMEOUT:-10}" "$@"; }

# As call, with the token of the ingestion interface where there is one.
call_ingest() {
  if [[ -n "${INGEST_TOKEN:-}" ]]; then
    # On stdin: arguments show in the list of processes.
    call --config - "$@" <<<"header = \"authorization: Bearer $INGEST_TOKEN\""
  else
    call "$@"
  fi
}

# json EXPRESSION: evaluates it with `body` as the JSON on stdin, prints the result. Empty where
# something on the way is missing.
json() {
  # shellcheck disable=SC2016 # JavaScript's dollars
  node -e '
    let text = "";
    process.stdin.on("data", (chunk) => { text += chunk; }).on("end", () => {
      let value;
      try { value = Function("body", `return (${process.argv[1]})`)(JSON.parse(text)); } catch {}
      if (value !== undefined && value !== null) console.log(value);
    });' "$1"
}

# wait_for SECONDS COMMAND…: runs it until it succeeds; 1 once the time is up.
wait_for() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < until)) || return 1
    sleep 0.2
  done
}

answers() { call "$1" >/dev/null 2>&1; }
consumer_status() { { call "$dashboard_url/api/consumer" 2>/dev/null || true; } | json body.status; }
is_consuming() { [[ "$(consumer_status)" == running ]]; }

# When a process began, in whatever unit the system has: a process id alone may be another's by now.
# Fails where there is no such process, or only its remains.
birth_of() {
  local stat fields
  if [[ -r /proc/self/stat ]]; then
    { stat="$(<"/proc/$1/stat")"; } 2>/dev/null || return 1
    # The name before the last parenthesis may hold anything.
    read -ra fields <<<"${stat##*) }"
    [[ "${fields[0]}" != Z ]] || return 1
    echo "${fields[19]}"
  else
    stat="$(ps -o stat=,lstart= -p "$1")" && [[ "$stat" != Z* ]] && echo "${stat#* }"
  fi
}

# Sets $pid to the process that start.sh left running; fails where there is none.
pid=""
read_pid() {
  local birth=""
  pid=""
  [[ -e "$pid_file" ]] || return 1
  { read -r pid && read -r birth; } <"$pid_file" || return 1
  [[ "$pid" =~ ^[0-9]+$ && "$(birth_of "$pid")" == "$birth" ]]
}

has_ended() { ! read_pid; }

# Stops what start.sh started, gracefully: everything drains before the local AWS goes.
stop_all() {
  local left=0
  if read_pid; then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_for "${STOP_TIMEOUT:-45}" has_ended; then
      complain "Not stopped within ${STOP_TIMEOUT:-45} s; killed. What was accepted is on the disk."
      # Its parts end by themselves once it is gone.
      kill -KILL "$pid" 2>/dev/null || true
      left=1
    fi
  fi
  if [[ -e "$docker_file" ]]; then
    docker compose stop localstack >/dev/null 2>&1 || {
      complain "LocalStack did not stop: docker compose stop localstack"
      left=1
    }
    rm -f "$docker_file"
  fi
  rm -f "$pid_file" "$run_dir/mocks"
  return "$left"
}
