# Sourced by get.sh, build.sh and .ci/release. It keeps to bash 3.2.

# sum prints the SHA-256 of the standard input.
sum() {
  if command -v sha256sum >/dev/null; then
    sha256sum | cut -c 1-64
  else
    shasum -a 256 | cut -c 1-64
  fi
}

# source_digest prints a digest of all files in the current folder: their names
# and contents, save for git's own and release.txt, which holds the digest that
# the release was made of. Git for Windows marks each name with a "*".
source_digest() {
  local each=(sha256sum)
  if ! command -v sha256sum >/dev/null; then
    each=(shasum -a 256)
  fi
  find . -name .git -prune -o -type f ! -path ./internal/action/release.txt -print0 |
    LC_ALL=C sort -z | xargs -0 "${each[@]}" | sed 's/^\([0-9a-f]*\) [ *]/\1  /' | sum
}
