# Steps with a log, a verdict and a count; sourced by .ci/run.
logs=$PWD/.work/ci
rm -rf "$logs"
mkdir -p "$logs"

# The test step takes about 7 minutes on a quiet machine.
STEP_SECONDS=1500

# An interrupted run takes its lanes and their steps along. A lane forgets its parent's traps, so each sets them again.
heed_interruption() {
  trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM
}
heed_interruption

# step NAME COMMAND...: runs it unless only other steps were asked for.
step() {
  local name=$1 log=$logs/$1.log started=$SECONDS verdict=passed
  shift
  [[ ${#only[@]} -eq 0 || " ${only[*]} " == *" $name "* ]] || return 0
  heed_interruption
  # In the background, so that an interruption is heard at once.
  timeout --kill-after=30 "$STEP_SECONDS" "$@" >"$log" 2>&1 </dev/null &
  wait $! || verdict=failed
  echo "$verdict" >"$logs/$name.verdict"
  # In one piece, since steps run side by side.
  local line report=
  line=$(printf '%s  %-20s %4d s' "$verdict" "$name" $((SECONDS - started)))
  if [[ $verdict == failed ]]; then report=$(printf '\n%s\n%s\n' "--- the end of $log" "$(tail -n 60 "$log")"); fi
  printf '%s%s\n' "$line" "$report"
  [[ $verdict == passed ]]
}

summary() {
  local passed failed
  passed=$(cat "$logs"/*.verdict 2>/dev/null | grep -c passed)
  failed=$(cat "$logs"/*.verdict 2>/dev/null | grep -c failed)
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 && $passed -gt 0 ]]
}
