#!/usr/bin/env bash
# Builds agentsync for get.sh, once for each content of the action and each
# Go, and says where it is: a line path=… in $GITHUB_OUTPUT, and its folder in
# $GITHUB_PATH, so that later steps of the job can run agentsync themselves.
#
# It reads $GITHUB_ACTION_PATH (the sources: the action's own checkout, never
# the repository that is planned), $RUNNER_TOOL_CACHE, $RUNNER_TEMP and
# $ACTION_REF. Settings of Go that a job made for other builds, or a repository
# brought along (go.work, GOFLAGS, go.env), are switched off. It keeps to bash
# 3.2, which macOS has.
set -euo pipefail
: "${GITHUB_ACTION_PATH:?}" "${RUNNER_TEMP:?}" "${GITHUB_OUTPUT:?}"

. "$GITHUB_ACTION_PATH/internal/action/source.sh"

half='' # a binary that is being built

leave() {
  local code=$?
  rm -f "$half"
  if [ "$code" -ne 0 ]; then
    echo "failure-reason=error" >>"$GITHUB_OUTPUT"
  fi
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stop() {
  echo "::error title=agentsync::$1"
  exit 1
}

# at_least A B: version A is B or newer. 1.27rc1 counts as 1.27.
at_least() {
  local i x y
  local -a a b
  IFS=. read -r -a a <<<"$1.0.0"
  IFS=. read -r -a b <<<"$2.0.0"
  for i in 0 1 2; do
    x="${a[i]%%[!0-9]*}" y="${b[i]%%[!0-9]*}"
    if ((10#0$x != 10#0$y)); then
      ((10#0$x > 10#0$y))
      return
    fi
  done
}

# consider GO takes this Go, if it runs and is newer than the one chosen.
consider() {
  [ -x "$1" ] || return 0
  local version
  version=$("$1" version 2>/dev/null) || return 0
  version="${version#go version go}" version="${version%% *}"
  if [ -z "$go" ] || ! at_least "$have" "$version"; then
    go=$1 have=$version
  fi
}

# find_go sets go and have: the Go on the PATH where it is new enough, else the
# newest that actions/setup-go or the runner's image left in the tool cache,
# else any that can fetch the one wanted (from 1.21 on).
find_go() {
  local candidate
  go='' have=''
  consider "$(command -v go || true)"
  if [ -z "$go" ] || ! at_least "$have" "$want"; then
    for candidate in "$tools"/go/*/*/bin/go "$tools"/go/*/*/bin/go.exe; do
      if [ -e "${candidate%/bin/go*}.complete" ]; then
        consider "$candidate"
      fi
    done
  fi
  if [ -z "$go" ]; then
    stop "agentsync is built with Go $want or newer, and this runner has none: put a step with actions/setup-go before it"
  fi
  if at_least "$have" "$want"; then
    return
  fi
  export GOTOOLCHAIN="go$want"
  if ! at_least "$have" 1.21 || ! "$go" version; then
    stop "agentsync is built with Go $want or newer, and this runner has $have: put a step with actions/setup-go before it"
  fi
}

# content prints a digest of all that goes into the program.
content() {
  {
    "$go" version
    echo "$ACTION_REF"
    source_digest
  } | sum | cut -c 1-32
}

unset GOROOT GOOS GOARCH GOEXPERIMENT GODEBUG GOFIPS140 GO111MODULE
export GOENV=off GOWORK=off GOFLAGS='' CGO_ENABLED=0 GOTOOLCHAIN=local
export HOME="${HOME:-$RUNNER_TEMP}" # Go keeps modules there

cd "$GITHUB_ACTION_PATH"
ACTION_REF="${ACTION_REF:-}"
tools="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}"
want=$(sed -n 's/^go \([0-9.]*\).*/\1/p' go.mod)
find_go
exe=$("$go" env GOEXE)
dir="$tools/agentsync/$(content)"
path="$dir/agentsync$exe"

if [ ! -x "$path" ]; then
  mkdir -p "$dir"
  find "$dir" -name 'half-*' -mtime +0 -exec rm -f {} + # of jobs that were killed
  half="$dir/half-$$-$RANDOM$exe" # jobs side by side build the same, and one wins
  flags="-s -w"
  if [[ $ACTION_REF =~ ^[0-9A-Za-z._-]+$ ]]; then
    flags="$flags -X github.com/agentsync/agentsync/internal/cli.version=$ACTION_REF"
  fi
  "$go" build -mod=readonly -buildvcs=false -ldflags "$flags" -o "$half" . ||
    stop "agentsync could not be built with Go $have; what Go said is above"
  mv -f "$half" "$path" || [ -x "$path" ]
fi
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$dir" >>"$GITHUB_PATH"
fi
echo "path=$path" >>"$GITHUB_OUTPUT"
