#!/usr/bin/env bash
# The servers and tools the tests run on, where they are missing, and the workspace's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A package_of=(
  [redis-server]=redis-server
  [jlink]=openjdk-17-jdk-headless
  [mvn]=maven
  [openssl]=openssl
  [dockerd]=docker.io
  [iptables]=iptables
)

missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null || missing+=("${package_of[$program]}")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
fi

npx --yes pnpm@12 install --frozen-lockfile
