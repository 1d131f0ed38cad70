#!/bin/sh
# npm run compare:tables -- [--install] [--all] [--write] [FOLDER]
# --install comes first and installs Debian's r-base-core and python3-pandas; the rest is told by --help.
set -eu
here=$(dirname "$0")
if [ "${1:-}" = --install ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends r-base-core python3-pandas
  shift
fi
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import pandas' 2>/dev/null; then exec "$python" "$here/compare.py" "$@"; fi
done
echo 'no Python here has pandas; npm run compare:tables -- --install' >&2
exit 2
