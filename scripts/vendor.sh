#!/usr/bin/env bash
# Fetches the front-end packages at their pinned versions into static/vendor, with licences. Needs npm.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
fetch() { # fetch NAME@VERSION FILE FOLDER
  (cd "$work" && rm -rf package && npm pack "$1" --silent >/dev/null && tar xf ./*.tgz && rm ./*.tgz)
  mkdir -p "static/vendor/$3"
  cp "$work/package/$2" "$work/package/LICENSE" "static/vendor/$3/"
}
fetch htmx.org@4.0.1 dist/htmx.min.js htmx
find static/vendor -type f ! -name SHA256SUMS | sort | xargs sha256sum > static/vendor/SHA256SUMS
