# scripts/demo as somebody meets it who has cloned the project and has Node, but neither Rust nor PostgreSQL.

suite_demo() {
  need_node
  local clone=$work/clone
  [ -x "$root/scripts/demo" ] || { fail "there is no scripts/demo"; return; }
  copy_sources "$clone"
  path_without "$work/path" cargo rustc rustup psql postgres deno
  run lines "scripts/demo --json" demo_says "$clone"
}

demo_says() { # clone
  local output=$work/demo-output
  if ! (cd "$1" && PATH=$work/path ./scripts/demo --json) >"$output"; then
    cat "$output"
    echo "error: scripts/demo ended with an error"
    return 1
  fi
  cat "$output"
  echo "ok: scripts/demo ended with 0"
  tail -n 1 "$output" | node -e '
    const check = (rule, holds) => console.log(`${holds ? "ok" : "error"}: ${rule}`);
    const said = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    check(`${said.accepted} accepted + ${said.failed} failed = ${said.enqueued} enqueued`, said.accepted + said.failed === said.enqueued);
    check(`${said.failed} failed: one`, said.failed === 1);
    check(`a burst of ${said.burst.messages}: 250`, said.burst.messages === 250);
    check(`${said.burst.providerRequests} provider requests for the burst: 1 to 4`, said.burst.providerRequests >= 1 && said.burst.providerRequests <= 4);
    check(`${said.burst.databaseRequests} database requests for the burst: 1 to 6`, said.burst.databaseRequests >= 1 && said.burst.databaseRequests <= 6);
    check("the requests of the burst are among all", said.providerRequests >= said.burst.providerRequests && said.databaseRequests >= said.burst.databaseRequests);
  '
}

# What a clone would have: everything but what git ignores.
copy_sources() { # folder
  mkdir "$1"
  (cd "$root" && git ls-files -z --cached --others --exclude-standard | while IFS= read -rd '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done | tar -cf - --null -T -) | tar -xf - -C "$1"
}

# A folder with a link to each program of the PATH but those.
path_without() { # folder, programs
  local part
  mkdir "$1"
  tr : '\n' <<<"$PATH" | while read -r part; do
    if [ -d "$part" ]; then find "$part" -maxdepth 1 ! -type d -exec ln -s -t "$1" {} + 2>/dev/null; fi
  done
  (cd "$1" && rm -f "${@:2}")
}
