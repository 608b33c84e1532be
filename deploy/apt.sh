#!/bin/sh
# Installs the Debian packages named in the given lists (or by name) that are not there yet.
#   sh deploy/apt.sh "what for" LIST.txt|PACKAGE ...
# Where it may not install, it prints the one line to run and exits 3.
set -eu

purpose=$1
shift
wanted=
for item in "$@"; do
  case $item in
    *.txt) wanted="$wanted $(tr '\n' ' ' < "$item")" ;;
    *) wanted="$wanted $item" ;;
  esac
done

missing=
for package in $wanted; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
line="$as_root apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
  echo "   Not a Debian system: please install by hand, $purpose:$missing"
  exit 3
fi
if [ -n "$as_root" ] && ! sudo -n true 2>/dev/null; then
  echo "   May not install here. Run this once, $purpose:"
  echo "     ${line# }"
  exit 3
fi
echo "   Installing$missing ($purpose)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { $as_root apt-get update && $as_root apt-get install -y -o DPkg::Lock::Timeout=120 --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -n 15 "$log"
  echo "   apt-get failed. Run this once, $purpose:"
  echo "     ${line# }"
  exit 3
fi
