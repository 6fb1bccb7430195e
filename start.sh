#!/usr/bin/env bash
# Starts the pipeline in the background and waits until it is healthy. ./stop.sh stops it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/common.sh
source scripts/common.sh

usage() {
  cat <<'END'
./start.sh [--with-mock-servers] [--embedded | --docker]

Kinesis and S3 are those that answer at AWS_ENDPOINT_URL (http://127.0.0.1:4566) already; else
LocalStack in Docker, where a Docker engine runs; else the embedded local AWS.

  --with-mock-servers  also the upstream servers that make logs (:8000 to :8003, :8005)
  --embedded           the embedded local AWS, also where there is Docker
  --docker             LocalStack in Docker, or fail

Variables: INGEST_PORT, DASHBOARD_PORT, MOCK_PORT_BASE and all others of the README; START_TIMEOUT (120), seconds
until the start counts as failed; RUN_DIR (.data/run), where the process id and the log are.
END
}

mocks=() aws_choice=auto
for argument in "$@"; do
  case "$argument" in
    --with-mock-servers) mocks=("$argument") ;;
    --embedded | --docker) aws_choice="${argument#--}" ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
require node npm curl

# What runs where, from what the log says and what answers.
summary() {
  local aws="" line
  while IFS= read -r line; do
    [[ ! "$line" =~ ^\ \ AWS\ +(.*) ]] || aws="${BASH_REMATCH[1]}"
  done <"$log_file"
  [[ ! -e "$docker_file" ]] || aws="$aws_url  LocalStack, started in Docker"
  say
  row Ingest "$ingest_url"
  row Consumer "$(consumer_status)"
  row Dashboard "$dashboard_url"
  row AWS "${aws:-$aws_url}"
  [[ ! -e "$run_dir/mocks" ]] || row "Mock servers" "$mock_url to :$((mock_port + 5)), without :$((mock_port + 4)); they make logs once told to"
  row Log "$log_file"
  say
  say "Try ./test-kinesis.sh or ./test-pipeline.sh. Stop with ./stop.sh."
}

mkdir -p "$run_dir"
if read_pid; then
  say "${bold}It already runs${reset} (process $pid)."
  if [[ ${#mocks[@]} -gt 0 && ! -e "$run_dir/mocks" ]]; then
    complain "Without the mock servers: ./stop.sh first, then ./start.sh --with-mock-servers."
    exit 1
  fi
  summary
  exit 0
fi
# Of a run that was killed: nothing of it is left but its files.
rm -f "$pid_file" "$run_dir/mocks"

# The file is made once: of two starts at a time, one fails here.
if ! (set -o noclobber && printf '%s\n' "$$" "$(birth_of $$)" >"$pid_file") 2>/dev/null; then
  fail "Another start is under way ($pid_file)."
fi

launched="" is_up=""
clean_up() {
  local code=$?
  trap - EXIT INT TERM
  if [[ -z "$is_up" ]]; then
    # Until then the file names this process.
    [[ -n "$launched" ]] || rm -f "$pid_file"
    stop_all || true
    [[ $code -ne 0 ]] || code=1
    complain "Not started; nothing is left running."
  fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

show_log_and_fail() {
  local line
  complain "$1 Its last lines, of $log_file:"
  tail -n 20 "$log_file" | while IFS= read -r line; do complain "    $line"; done
  exit 1
}

node -e 'import("./scripts/install.mjs").then(({ ensureInstalled }) => ensureInstalled())'

# True where nothing listens (curl's 7); what does listen is for npm start to judge.
is_aws_missing() {
  local code=0
  curl --silent --noproxy '*' --output /dev/null --max-time 3 "$aws_url" || code=$?
  [[ $code -eq 7 ]]
}

has_docker() {
  command -v docker >/dev/null && docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1
}

start_localstack() {
  say "Starting LocalStack in Docker (at the first time its image is downloaded) …"
  echo localstack >"$docker_file"
  docker compose up --detach --wait localstack >"$run_dir/docker.log" 2>&1
}

# The port that docker-compose.yml publishes.
may_use_docker() { [[ "$aws_choice" != embedded && "${aws_url%/}" == *":${LOCALSTACK_PORT:-4566}" ]]; }

if is_aws_missing && may_use_docker; then
  if ! has_docker; then
    [[ "$aws_choice" != docker ]] || fail "No Docker engine with compose answers: docker info, docker compose version."
  elif ! start_localstack; then
    reason="$(tail -n 1 "$run_dir/docker.log")"
    docker compose stop localstack >/dev/null 2>&1 || true
    rm -f "$docker_file"
    [[ "$aws_choice" != docker ]] || fail "LocalStack did not start: $reason"
    complain "LocalStack did not start ($reason); the embedded local AWS takes its place."
  fi
fi

say "Starting …"
# In a session of its own: closing the terminal, or Ctrl-C in it, is not meant for the pipeline.
pid="$(AWS_ENDPOINT_URL="$aws_url" node -e '
  const { spawn } = require("node:child_process");
  const { openSync } = require("node:fs");
  const [log, ...args] = process.argv.slice(1);
  const out = openSync(log, "w");
  const child = spawn(process.execPath, ["scripts/run.mjs", "start", ...args], {
    detached: true, stdio: ["ignore", out, out],
  });
  child.unref();
  console.log(child.pid);
' -- "$log_file" ${mocks[@]+"${mocks[@]}"})"
launched=yes
printf '%s\n' "$pid" "$(birth_of "$pid")" >"$pid_file.new"
mv "$pid_file.new" "$pid_file"
[[ ${#mocks[@]} -eq 0 ]] || : >"$run_dir/mocks"

# Its own banner says that every part is up; then each is asked.
is_ready_or_gone() { ! read_pid || [[ "$(<"$log_file")" == *"Ctrl-C stops everything"* ]]; }
is_healthy_or_gone() { ! read_pid || "$@"; }
wait_or_fail() {
  local what="$1" left=$((${START_TIMEOUT:-120} - SECONDS))
  shift
  wait_for "$((left > 0 ? left : 0))" "$@" || show_log_and_fail "$what within ${START_TIMEOUT:-120} s."
  read_pid || show_log_and_fail "The start failed."
}
wait_or_fail "npm start is not up" is_ready_or_gone
wait_or_fail "Ingest does not answer at $ingest_url" is_healthy_or_gone answers "$ingest_url/health"
wait_or_fail "The dashboard does not answer at $dashboard_url" is_healthy_or_gone answers "$dashboard_url/health"
wait_or_fail "The consumer does not run" is_healthy_or_gone is_consuming
if [[ ${#mocks[@]} -gt 0 ]]; then
  for url in "${mock_urls[@]}"; do
    wait_or_fail "No mock server answers at $url" is_healthy_or_gone answers "$url/health"
  done
fi

is_up=yes
say "${bold}Running${reset} after $SECONDS s."
summary
