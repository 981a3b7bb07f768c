#!/usr/bin/env bash
# Gets agentsync for action.yml, and says where it is: a line path=… in
# $GITHUB_OUTPUT, and its folder in $GITHUB_PATH, so that later steps of the job
# can run agentsync themselves.
#
# Where the action's checkout is a release (release.txt is there, and was made of
# just these sources), this is the release's archive for the runner's system,
# from the tool cache or from GitHub. It is never unpacked before it has the
# SHA-256 that release.txt has for it; docs/releasing.md says how that comes to
# be there. Any other checkout, and any with BUILD=true, is built by build.sh.
#
# It reads $GITHUB_ACTION_PATH, $RUNNER_TOOL_CACHE, $RUNNER_TEMP, $RUNNER_OS,
# $RUNNER_ARCH, $ACTION_REF, $BUILD, $GH_TOKEN and $GITHUB_SERVER_URL, and keeps
# to bash 3.2. $AGENTSYNC_RELEASES is another address to download from: tests set
# it. Whoever sets it can give no other program, only an error, since the bytes
# are checked all the same.
set -euo pipefail
: "${GITHUB_ACTION_PATH:?}" "${RUNNER_TEMP:?}" "${GITHUB_OUTPUT:?}"

repository=agentsync/agentsync
here="$GITHUB_ACTION_PATH/internal/action"
. "$here/source.sh"

work='' # a folder of this run's own

leave() {
  local code=$?
  if [ "$code" -ne 0 ]; then
    rm -rf "$work"
    echo "failure-reason=error" >>"$GITHUB_OUTPUT"
  fi
}

stop() {
  echo "::error title=agentsync::$1"
  exit 1
}

build() {
  echo "agentsync is built from source: $1"
  trap - EXIT
  unset GH_TOKEN
  exec bash "$here/build.sh"
}

# sum_of NAME prints what release.txt says is the SHA-256 of that.
sum_of() {
  local sum name
  while read -r sum name; do
    if [ "$name" = "$1" ] && [[ $sum =~ ^[0-9a-f]{64}$ ]]; then
      echo "$sum"
      return
    fi
  done <"$here/release.txt"
}

# download URL FILE tries four times, save for what no second try changes.
download() {
  local try status code
  for try in 1 2 3 4; do
    code=0
    status=$(curl -q --silent --show-error --fail --location --proto '=https,http' --proto-redir '=https' \
      --connect-timeout 10 --speed-limit 1024 --speed-time 15 --max-time 180 --max-filesize 200000000 \
      --write-out '%{http_code}' --output "$2" "$1" 2>"$work/said") || code=$?
    if [ "$code" -eq 0 ]; then
      return
    fi
    case "$status $code" in
      404\ *) stop "there is no $1: the release $version lacks it" ;;
      4??\ * | *\ 63) break ;; # 63 is a file that is too large
    esac
    echo "$1: $(cat "$work/said")"
    if [ "$try" -lt 4 ]; then
      sleep $((try * 2))
    fi
  done
  stop "$1 could not be downloaded: $(cat "$work/said"); run the job again, or set build: true"
}

# attested FILE checks that the release workflow built the file, where the
# runner has a gh that can, and a token for github.com.
attested() {
  local try
  if ! command -v gh >/dev/null || ! gh attestation verify --help >/dev/null 2>&1; then
    echo "no gh is here to check the attestation with"
    return
  fi
  if [ -z "${GH_TOKEN:-}" ] || [ "${GITHUB_SERVER_URL:-https://github.com}" != https://github.com ]; then
    echo "the attestation is not checked: there is no token for github.com"
    return
  fi
  for try in 1 2 3; do
    if GH_HOST=github.com gh attestation verify "$1" --repo "$repository" \
      --signer-workflow "$repository/.github/workflows/release.yml" >"$work/said" 2>&1; then
      return
    fi
    sleep "$try"
  done
  cat "$work/said"
  stop "GitHub has no attestation that $archive was built by the release workflow of $repository; what gh said is above"
}

trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$GITHUB_ACTION_PATH"
case "${BUILD:-false}" in
  true) build "the input build is true" ;;
  false) ;;
  *) stop "the input build is true or false" ;;
esac
if [ ! -e "$here/release.txt" ]; then
  build "this ref of the action is no release"
fi
read -r version _ <"$here/release.txt" || true
if ! [[ $version =~ ^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || [ -z "$(sum_of source)" ]; then
  stop "internal/action/release.txt of the action names no release"
fi
if [ "$(source_digest)" != "$(sum_of source)" ]; then
  build "this ref of the action has other sources than $version"
fi
if [[ ${ACTION_REF:-} =~ ^v[0-9]+\.[0-9]+\. ]] && [ "$ACTION_REF" != "$version" ]; then
  stop "the action's ref is $ACTION_REF, and its checkout is the release $version"
fi

exe=''
case "${RUNNER_OS:-}" in
  Linux) os=linux ;;
  macOS) os=darwin ;;
  Windows) os=windows exe=.exe ;;
  *) os="${RUNNER_OS:-an unknown system}" ;;
esac
case "${RUNNER_ARCH:-}" in
  X64) arch=amd64 ;;
  ARM64) arch=arm64 ;;
  *) arch="${RUNNER_ARCH:-an unknown processor}" ;;
esac
archive="agentsync_${version#v}_${os}_$arch.tar.gz"
want=$(sum_of "$archive")
if [ -z "$want" ]; then
  stop "$version has no program for $os on $arch: set build: true"
fi

tools="${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/agentsync/$version"
work=$(mktemp -d "$RUNNER_TEMP/agentsync-XXXXXX")
file="$work/archive" # a copy that nobody else writes to
if [ -e "$tools/$archive" ]; then
  cp "$tools/$archive" "$file"
fi
if [ ! -e "$file" ] || [ "$(sum <"$file")" != "$want" ]; then
  command -v curl >/dev/null || stop "no curl is here to download $version with: install it, or set build: true"
  download "${AGENTSYNC_RELEASES:-https://github.com/$repository/releases/download}/$version/$archive" "$file"
  got=$(sum <"$file")
  if [ "$got" != "$want" ]; then
    stop "$archive is not what $version is: its SHA-256 is $got, and must be $want; nothing of it was run"
  fi
  attested "$file"
  mkdir -p "$tools"
  half="$tools/half-$$-$RANDOM"
  cp "$file" "$half" && mv -f "$half" "$tools/$archive" || rm -f "$half" # then the next job downloads it again
fi
(cd "$work" && tar -xzf - "agentsync$exe" <archive && rm archive)
if [ -n "${GITHUB_PATH:-}" ]; then
  echo "$work" >>"$GITHUB_PATH"
fi
"$work/agentsync$exe" version
echo "path=$work/agentsync$exe" >>"$GITHUB_OUTPUT"
