#!/usr/bin/env bash
# Measures agentsync on this machine: plan beside a bare HTTP client that makes
# the same reads, validate, and how fast it starts. Needs Go alone; everything
# lies in a temporary folder that is removed at the end.
#
#   bash examples/bench.sh                        # a few minutes
#   bash examples/bench.sh -agents 1000 -runs 5   # -h lists the flags
#   bash examples/bench.sh -table                 # the table of docs/inside.md; half an hour
#   bash examples/bench.sh -table -agents 100,1000 -latencies 5ms   # a part of it
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/agentsync" .
go build -o "$dir/bench" ./examples/bench
"$dir/bench" -agentsync "$dir/agentsync" -dir "$dir" "$@"
