#!/bin/sh
# The Spark tests start a cluster from the PyPI package, which needs Java 17 or later.
set -eu
if command -v java >/dev/null 2>&1; then
    version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
    if [ "${version:-0}" -ge 17 ]; then exit 0; fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "The Spark tests need Java 17 or later: install it with your package manager." >&2
    exit 1
fi
run=""
if [ "$(id -u)" -ne 0 ]; then run="sudo"; fi
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq
$run apt-get install -y -qq --no-install-recommends default-jre-headless
