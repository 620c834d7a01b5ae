#!/bin/sh
# Scans one image in a build pipeline and leaves the reports where the pipeline collects them. The recipes for GitHub,
# GitLab and Jenkins all call this file; any other pipeline can too. It needs a POSIX shell, and tar with curl or wget
# when it has to fetch Boltseal.
#
# usage: sh scan.sh [REF]        with these variables; README.md beside this file has them as a table
#   BOLTSEAL_IMAGE     what to scan where REF is not given
#   BOLTSEAL           the program (default: boltseal of PATH)
#   BOLTSEAL_URL       where there is none: address of the portable archive …
#   BOLTSEAL_SHA256    … and its digest, without which it is not used
#   BOLTSEAL_FAIL_ON   what ends the job with 1 (default: high+fixable,kev)
#   BOLTSEAL_REPORTS   folder of the reports (default: boltseal-reports)
#   BOLTSEAL_STATE     folder to keep from job to job: layers, advisories, the program (default: .boltseal)
#   BOLTSEAL_DB_UPDATE yes: fetch new advisories first · no: use what is there (default: yes)
#   BOLTSEAL_REGISTRY, BOLTSEAL_REGISTRY_USER, BOLTSEAL_REGISTRY_PASSWORD
#                      sign-in, for this job only; else ~/.docker/config.json is used as it is
# Every other BOLTSEAL_… variable is the option of `boltseal scan` with that name, e.g. BOLTSEAL_PLATFORM=linux/arm64.
#
# exit code: 0 nothing over the limit · 1 findings over the limit · 2 it could not be done · 3 wrong usage
set -eu

say() { printf 'boltseal-ci: %s\n' "$*" >&2; }
fail() { say "$1"; exit "${2:-2}"; }
absolute() { case $1 in /*) printf %s "$1" ;; *) printf %s "$PWD/$1" ;; esac; }

ref=${1:-${BOLTSEAL_IMAGE:-}}
[ -n "$ref" ] || fail 'name the image, as argument or in BOLTSEAL_IMAGE' 3
case $ref in -*) fail "an image cannot be named $ref" 3 ;; esac
reports=$(absolute "${BOLTSEAL_REPORTS:-boltseal-reports}")
state=$(absolute "${BOLTSEAL_STATE:-.boltseal}")
mkdir -p "$reports" "$state/cache" "$state/data" || fail "cannot write to $reports or $state"
# A job that fails early must not hand over the reports of an earlier one.
rm -f "$reports/boltseal.txt" "$reports/boltseal.sarif" "$reports/boltseal.html" "$reports/boltseal.cdx.json"

private=$(mktemp -d) || fail 'cannot make a temporary folder'
trap 'rm -rf "$private"' EXIT
trap 'exit 2' HUP INT TERM

download() {
  if command -v curl >/dev/null; then
    curl -fsSL --retry 3 -o "$2" "$1"
  else
    wget -q -O "$2" "$1"
  fi
}

# Leaves in $program the path of the program.
locate() {
  if [ -n "${BOLTSEAL:-}" ]; then
    program=$(command -v "$BOLTSEAL") || fail "there is no program $BOLTSEAL (BOLTSEAL)"
    return
  fi
  if [ -z "${BOLTSEAL_URL:-}" ]; then
    program=$(command -v boltseal) || fail 'boltseal is not installed: install it, or set BOLTSEAL_URL and BOLTSEAL_SHA256'
    return
  fi
  case ${BOLTSEAL_SHA256:-} in
    *[!0-9a-f]*|'') fail 'BOLTSEAL_URL wants BOLTSEAL_SHA256, in small letters: a program of unknown content is not run' 3 ;;
  esac
  # The archive is kept and its digest is tested each time: the kept folder can be written by other jobs.
  archive=$state/$BOLTSEAL_SHA256.tar.gz
  if ! matches "$archive"; then
    download "$BOLTSEAL_URL" "$private/archive" || fail "cannot fetch $BOLTSEAL_URL"
    matches "$private/archive" || fail "$BOLTSEAL_URL has not the digest $BOLTSEAL_SHA256: not used"
    cp "$private/archive" "$archive.$$" && mv "$archive.$$" "$archive"
  fi
  cp "$archive" "$private/archive"
  matches "$private/archive" || fail "$archive was changed meanwhile"
  mkdir "$private/boltseal"
  tar -xzf "$private/archive" -C "$private/boltseal" --strip-components=1 || fail "cannot unpack $BOLTSEAL_URL"
  program=$private/boltseal/bin/boltseal
}

matches() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$BOLTSEAL_SHA256" ]; }

# The password is in no argument, no log and no file that outlives the job.
sign_in() {
  [ -n "${BOLTSEAL_REGISTRY_USER:-}" ] && [ -n "${BOLTSEAL_REGISTRY_PASSWORD:-}" ] || return 0
  case ${BOLTSEAL_REGISTRY:-} in
    *[!A-Za-z0-9.:_-]*|'') fail 'BOLTSEAL_REGISTRY must be the host of the registry, e.g. registry.example.org:5000' 3 ;;
  esac
  login=$(printf '%s:%s' "$BOLTSEAL_REGISTRY_USER" "$BOLTSEAL_REGISTRY_PASSWORD" | base64 | tr -d '\n')
  (umask 077 && printf '{"auths":{"%s":{"auth":"%s"}}}\n' "$BOLTSEAL_REGISTRY" "$login" >"$private/auth.json")
  REGISTRY_AUTH_FILE=$private/auth.json
  export REGISTRY_AUTH_FILE
}

update() {
  case ${BOLTSEAL_DB_UPDATE:-yes} in
    yes|true|1)
      "$program" db --data-dir "$state/data" update ||
        say 'the advisories could not be updated; the scan goes on with those that are there' ;;
    no|false|0) ;;
    *) fail 'BOLTSEAL_DB_UPDATE is yes or no' 3 ;;
  esac
  if [ -z "${BOLTSEAL_DB:-}" ] && [ -f "$state/data/advisories.db" ]; then
    BOLTSEAL_DB=$state/data/advisories.db
    export BOLTSEAL_DB
  fi
}

locate
sign_in
update
code=0
"$program" scan --fail-on "${BOLTSEAL_FAIL_ON:-high+fixable,kev}" --cache-dir "${BOLTSEAL_CACHE_DIR:-$state/cache}" \
  -o table -o "table=$reports/boltseal.txt" -o "sarif=$reports/boltseal.sarif" -o "html=$reports/boltseal.html" \
  -o "cyclonedx=$reports/boltseal.cdx.json" "$ref" || code=$?
case $code in
  0) say "nothing over the limit ${BOLTSEAL_FAIL_ON:-high+fixable,kev}; reports in $reports" ;;
  1) say "findings over the limit ${BOLTSEAL_FAIL_ON:-high+fixable,kev}; reports in $reports" ;;
  3) say 'wrong usage: see the message above' ;;
  *) say 'the scan could not be done, so the image is not known to be clean: see the message above'; code=2 ;;
esac
exit "$code"
