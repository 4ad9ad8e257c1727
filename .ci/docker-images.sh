#!/usr/bin/env bash
# Makes the images `redis:7` and `apache/kafka:4.3.1` from this machine's own binaries, where no registry can be reached.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Copies programs and directories to a root file system, with the libraries they load.
copy_with_libraries() {
  local root=$1 file
  shift
  for file in "$@"; do
    mkdir -p "$root$(dirname "$file")"
    cp -aL "$file" "$root$file"
  done
  # A list of many files exits non-zero when one of them is not dynamic.
  { find -L "$@" -type f -print0 | xargs -0 ldd 2>/dev/null || true; } | grep -o '/[^ ]*\.so[^ :]*' | sort -u |
    while read -r file; do
      [[ -e $root$file ]] || install -D "$(readlink -f "$file")" "$root$file"
    done
}

redis_image() {
  local root=$work/redis
  mkdir -p "$root"/{tmp,data}
  copy_with_libraries "$root" "$(command -v redis-server)"
  tar -C "$root" -c . | docker import --change 'WORKDIR /data' --change "ENV PATH=$(dirname "$(command -v redis-server)")" \
    --change 'EXPOSE 6379' --change 'CMD ["redis-server", "--protected-mode", "no"]' - redis:7
}

kafka_image() {
  local root=$work/kafka jars
  jars=$(node --input-type=module -e "
    import { kafkaJars } from './packages/test-brokers/src/kafka-jars.ts'
    console.log(await kafkaJars())")
  jlink --add-modules java.se,jdk.unsupported,jdk.management,jdk.crypto.ec,jdk.zipfs \
    --strip-debug --no-man-pages --no-header-files --output "$work/java"
  mkdir -p "$root"/{tmp,opt/kafka/libs}
  copy_with_libraries "$root" "$(command -v bash)" "$work/java"
  mv "$root$work/java" "$root/opt/java"
  cp "$jars"/*.jar "$root/opt/kafka/libs"
  install .ci/kafka-entry.sh "$root/opt/kafka/entry.sh"
  tar -C "$root" -c . | docker import --change "ENTRYPOINT [\"$(command -v bash)\", \"/opt/kafka/entry.sh\"]" \
    --change 'EXPOSE 9092' - apache/kafka:4.3.1
}

redis_image
kafka_image
