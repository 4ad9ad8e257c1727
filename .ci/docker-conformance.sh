#!/usr/bin/env bash
# The conformance suite through testcontainers, on a Docker engine that is started for it alone.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export DOCKER_HOST=unix://$work/docker.sock
export BUS_TEST_BROKERS=docker
# Its image comes from a registry, which there may not be.
export TESTCONTAINERS_RYUK_DISABLED=true
unset BUS_TEST_REDIS_URL BUS_TEST_KAFKA_BROKERS

dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" --host "$DOCKER_HOST" >"$work/log" 2>&1 &
engine=$!
stop_engine() {
  kill "$engine" 2>/dev/null || true
  wait "$engine" || true
  rm -rf "$work"
}
trap stop_engine EXIT

until docker version >/dev/null 2>&1; do
  if ! kill -0 "$engine" 2>/dev/null; then
    echo 'the Docker engine does not start:'
    tail -n 30 "$work/log"
    exit 1
  fi
  sleep 0.2
done

.ci/docker-images.sh

# Fails where one of the packages has none, which would otherwise only narrow the run.
shopt -s failglob
vitest run packages/adapter-redis/test/*conformance*.test.ts packages/adapter-kafka/test/*conformance*.test.ts
