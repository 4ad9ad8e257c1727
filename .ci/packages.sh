#!/usr/bin/env bash
# What would be published, packed and judged by publint and by "are the types wrong".
set -euo pipefail
cd "$(dirname "$0")/.."

tarballs=$(mktemp -d)
trap 'rm -rf "$tarballs"' EXIT

for manifest in packages/*/package.json; do
  grep -q '"private": true' "$manifest" && continue
  (cd "$(dirname "$manifest")" && npx --yes pnpm@12 pack --pack-destination "$tarballs")
done

failed=0
for tarball in "$tarballs"/*.tgz; do
  publint --strict "$tarball" || failed=1
  attw --profile esm-only "$tarball" || failed=1
done
exit $failed
