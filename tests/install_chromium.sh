#!/bin/sh
# The browser tests drive the system's Chromium; a fresh Debian or Ubuntu gets it here, the one
# without windows where the system has it.
set -eu
for name in chromium-headless-shell chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The browser tests need Chromium: install it with your package manager." >&2
    exit 1
fi
run=""
if [ "$(id -u)" -ne 0 ]; then run="sudo"; fi
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
$run apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-dejavu-core ||
    $run apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
