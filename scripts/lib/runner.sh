# Sourced by scripts/test after common.sh: runs suites, counts what their runners counted, closes with the totals.

export NO_COLOR=1 CARGO_TERM_COLOR=never CARGO_TERM_PROGRESS_WHEN=never
unset FORCE_COLOR RUST_BACKTRACE

# A suite that hangs is ended. LIMIT_NAME gives the suite NAME another limit.
readonly SUITE_LIMIT_SECONDS=1200

# --- For suites -----------------------------------------------------------------------------------------------------

# Runs a command from the project's root and counts what it reports. Its output is shown without what passed.
# Kinds: check (one, by its exit code), lines (`ok: ...` and `error: ...`), and the runners nextest, cargo, node, deno,
# prove.
run() { # kind, label, command ...
  local kind=$1 label=$2 log status began=$SECONDS
  log=$logs/$suite-$(printf %s "$label" | tr -cs 'A-Za-z0-9.' '-' | sed 's/-$//').log
  shift 2
  say "-- $label"
  (
    set -o pipefail
    cd "$root" && "$@" 2>&1 </dev/null | tee "$log" | case $kind in check) cat >/dev/null ;; prove) show_prove ;; *) show_concisely ;; esac
  )
  status=$?
  local passed=0 failed=0 skipped=0
  read -r passed failed skipped < <(count_"$kind" "$log" "$status")
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
    say "   it ended with $status though it reported no failure"
  fi
  if [ "$kind" = check ] && [ "$failed" -gt 0 ]; then show_concisely <"$log" | tail -n 80; fi
  echo "$passed $failed $skipped" >>"$counts"
  say "   $label: $passed passed, $failed failed$([ "$skipped" -eq 0 ] || echo ", $skipped skipped") ($((SECONDS - began)) s)"
  if [ "$failed" -gt 0 ]; then say "   log: ${log#"$root"/}"; fi
  [ "$failed" -eq 0 ]
}

# One failure that no command reports.
fail() { # text
  say "   $1"
  echo "0 1 0" >>"$counts"
  return 1
}

skip() { # text
  say "   skipped: $1"
  echo "0 0 1" >>"$counts"
}

# A pattern that matched nothing comes here as it is.
need_files() { # files
  [ -e "$1" ] || fail "there is no ${1#"$root"/}"
}

# --- What runners print ---------------------------------------------------------------------------------------------
# Each prints "passed failed skipped".

count_check() { # log, exit code
  if [ "$2" -eq 0 ]; then echo "1 0 0"; else echo "0 1 0"; fi
}

count_lines() {
  awk '/^ok: / { passed++ } /^error: / { failed++ } END { print passed + 0, failed + 0, 0 }' "$1"
}

count_nextest() { # Summary [ 0.1s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 3 skipped
  awk '
    function number(what) { return match($0, "[0-9]+ " what) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
    /^ *Summary \[/ {
      passed = number("passed"); skipped = number("skipped")
      failed = number("failed") + number("exec failed") + number("timed out")
    }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

count_cargo() { # test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out
  awk '/^test result: / { for (i = 2; i <= NF; i++) sum[$i] += $(i - 1) }
    END { print sum["passed;"] + 0, sum["failed;"] + 0, sum["ignored;"] + 0 }' "$1"
}

count_node() { # ℹ pass 3
  awk '$1 == "ℹ" && NF == 3 { sum[$2] = $3 }
    END { print sum["pass"] + 0, sum["fail"] + sum["cancelled"], sum["skipped"] + sum["todo"] }' "$1"
}

count_deno() { # FAILED | 3 passed (2 steps) | 1 failed | 1 ignored (2s)
  awk '/^(ok|FAILED) \| [0-9]+ passed/ { for (i = 2; i <= NF; i++) sum[$i] += $(i - 1) }
    END { print sum["passed"] + 0, sum["failed"] + 0, sum["ignored"] + 0 }' "$1"
}

count_prove() { # TAP
  awk '
    /^(not )?ok [0-9]+.*# *(TODO|SKIP|todo|skip)/ { skipped++; next }
    /^ok [0-9]+/ { passed++ }
    /^not ok [0-9]+/ { failed++ }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1"
}

# Drops what passed and what cargo says on its way. Deno gives a test's own output before its result: it is held back
# until the result is known.
show_concisely() {
  awk '
    /^ *(Compiling|Checking|Documenting|Downloaded|Downloading|Finished|Blocking|Locking|Updating|Running|Starting|Doc-tests|Nextest|Summary) / { next }
    /^------- .*output -------$/ { holding = 1 }
    holding || /[^.]\.\.\.$/ { held = held "   " $0 "\n"; if (/^----- .*output end -----$/) holding = 0; next }
    /\.\.\. .*ok( \(.*)?$/ { held = ""; next }
    /^ *$/ || /^ *(✔|▶|ℹ) / || /^(─)+$/ || /^ok: / { next }
    /^ *running [0-9]+ tests?/ || /^test result: ok\./ || /^all doctests ran in / || /^(Check|Download) / { next }
    { printf "%s   %s\n", held, $0; held = ""; fflush() }
    END { printf "%s", held }'
}

# Between TAP lines psql prints the rows of whatever a test selects.
show_prove() {
  awk '/^not ok / || /^ *#/ || /(ERROR|FATAL|DETAIL|HINT|CONTEXT): / || /^psql: / || /Wstat|Failed|Parse errors|Bad plan|Dubious|No plan|No subtests|Result: (FAIL|NOTESTS)/ {
    print "   " $0; fflush() }'
}

# --- Running suites -------------------------------------------------------------------------------------------------

main() {
  local name chosen=("$@")
  case ${1-} in
    -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$root/scripts/test"; return ;;
    --list) declare -F | sed -n 's/^declare -f suite_//p'; return ;;
    '') chosen=("${ALL[@]}") ;;
  esac
  for name in "${chosen[@]}"; do
    [ "$(type -t "suite_$name")" = function ] || die "there is no suite $name (see scripts/test --list)"
  done

  work=$(mktemp -d)
  trap clean EXIT
  trap 'interrupted INT 130' INT
  trap 'interrupted TERM 143' TERM
  trap 'interrupted HUP 129' HUP
  logs=$target/test-logs/$(date +%Y%m%dT%H%M%S)-$$
  mkdir -p "$logs"
  forget_old_logs

  for name in "${chosen[@]}"; do
    if [ "$name" = "${beside-}" ]; then continue; fi
    run_suite "$name"
    # By then what deploy needs is installed.
    if [ $# -eq 0 ] && [ "$name" = sql ]; then run_beside deploy; fi
  done
  if [ -n "${beside-}" ]; then join_beside; fi
  close
}

# A suite in a process of its own, which shows what it printed at the end.
run_beside() { # name
  beside=$1
  TEST_TABLE=$work/table-beside "$root/scripts/test" "$beside" >"$work/beside" 2>&1 </dev/null &
  beside_process=$!
}

join_beside() {
  say "== $beside, beside the others"
  wait "$beside_process"
  beside_process=
  sed -e '/^$/,$d' -e '/^== /d' "$work/beside"
  cat "$work/table-beside" >>"$work/table" 2>/dev/null || echo "$beside 0 1 0 0" >>"$work/table"
}

# In a process group of its own, so that all of it can be ended at once.
run_suite() { # name
  suite=$1
  counts=$work/counts-$suite
  local began=$SECONDS status
  : >"$counts"
  say "== $suite"
  set -m
  (
    set +m
    trap - EXIT INT TERM HUP
    "suite_$suite"
  ) </dev/null &
  group=$!
  set +m
  (
    name=LIMIT_$suite
    seconds=${!name:-$SUITE_LIMIT_SECONDS}
    sleep "$seconds" &
    trap 'kill $! 2>/dev/null; exit' TERM
    wait $!
    say "   the suite $suite took longer than $seconds seconds"
    kill -TERM -- "-$group"
  ) &
  limit=$!
  wait "$group"
  status=$?
  end_group
  stop_clusters
  # A suite that gave up (die) before it could count why; and one that ran nothing has not passed.
  if ! awk '{ failed += $2; all += $1 + $2 } END { exit !(failed > 0 || (all > 0 && status == 0)) }' status="$status" "$counts"; then
    echo "0 1 0" >>"$counts"
    say "   the suite $suite $([ "$status" -eq 0 ] && echo "ran no test" || echo "ended with $status")"
  fi
  awk -v suite="$suite" -v seconds="$((SECONDS - began))" \
    '{ passed += $1; failed += $2; skipped += $3 } END { print suite, passed + 0, failed + 0, skipped + 0, seconds }' "$counts" >>"$work/table"
}

close() {
  if [ -n "${TEST_TABLE-}" ]; then cp "$work/table" "$TEST_TABLE"; fi
  say ""
  awk '
    BEGIN { printf "%-10s %7s %7s %8s\n", "suite", "passed", "failed", "seconds" }
    { printf "%-10s %7d %7d %8d\n", $1, $2, $3, $5; passed += $2; failed += $3; skipped += $4; seconds += $5 }
    END {
      printf "%-10s %7d %7d %8d\n\n", "all", passed, failed, seconds
      printf "%d passed, %d failed%s\n", passed, failed, skipped ? ", " skipped " skipped" : ""
      exit failed > 0 || passed == 0
    }' "$work/table"
}

# Ends what a suite has left running.
end_group() {
  [ -n "${group-}" ] || return 0
  local tries
  kill -TERM "$limit" 2>/dev/null && wait "$limit" 2>/dev/null
  kill -TERM -- "-$group" 2>/dev/null || { group=; return 0; }
  for tries in {1..100}; do
    kill -0 -- "-$group" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$group" 2>/dev/null
  group=
}

interrupted() { # signal, exit code
  trap '' INT TERM HUP
  say "interrupted (SIG$1)"
  exit "$2"
}

clean() {
  if [ -n "${beside_process-}" ]; then kill -TERM "$beside_process" 2>/dev/null && wait "$beside_process"; fi
  end_group
  stop_clusters
  rm -rf "$work"
}

forget_old_logs() {
  local old
  find "$target/test-logs" -mindepth 1 -maxdepth 1 -type d | sort -r | tail -n +11 | while read -r old; do rm -rf "$old"; done
}
