#!/bin/sh
# Chromium and a Korean font for the browser tests: from Debian, as root only; elsewhere says what is missing.
set -eu
missing=
command -v chromium > /dev/null || missing="chromium"
{ command -v fc-list > /dev/null && fc-list :lang=ko | grep -q .; } || missing="$missing fontconfig fonts-nanum"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing for the browser tests: $missing"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
else
    echo "MISSING FOR THE BROWSER TESTS: $missing (as root: apt-get install $missing). They will be skipped." >&2
fi
