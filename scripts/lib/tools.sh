# Sourced after common.sh: brings the tools that the scripts need into .tools/ and says where they are.

# The toolchain of rust-toolchain.toml with its targets and components.
need_rust() {
  have cargo || die "cargo is missing: install Rust through rustup"
  local sysroot
  sysroot=$(cd "$root" && rustc --print sysroot) || die "the toolchain of rust-toolchain.toml is missing: rustup toolchain install"
  if [ ! -d "$sysroot/lib/rustlib/wasm32-unknown-unknown/lib" ]; then
    have rustup || die "the target wasm32-unknown-unknown is missing and there is no rustup to add it"
    (cd "$root" && rustup target add wasm32-unknown-unknown >&2) || die "rustup could not add the target wasm32-unknown-unknown"
  fi
}

need_node() {
  have node || die "node (20 or newer) is missing"
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 20 ] || die "node 20 or newer is needed, this is $(node --version)"
}

# Installs scripts/tools/NAME into .tools/NAME/.
need_npm() { # name
  need_node
  ask_module tools.mjs ensureTool "$1" >/dev/null || die "could not install .tools/$1"
}

# Prints the program, installed into .tools/ where need be.
find_deno() { # 2.1.4 or newest
  ask_module tools.mjs ensureDeno "$1"
}

find_shellcheck() {
  if command -v shellcheck; then return; fi
  need_debs shellcheck || return
  if [ ! -x "$tools/debs/shellcheck/usr/bin/shellcheck" ]; then dpkg -x "$tools/debs/shellcheck.deb" "$tools/debs/shellcheck" || return; fi
  echo "$tools/debs/shellcheck/usr/bin/shellcheck"
}

# Calls a function of a module of scripts/lib with strings or whole numbers, and prints what it gives; fails on an error or null.
ask_module() { # module, function, arguments
  node --input-type=module -e '
    import { pathToFileURL } from "node:url";
    const [file, name, ...values] = process.argv.slice(1);
    try {
      const module = await import(pathToFileURL(file).href);
      const answer = await module[name](...values.map((value) => (/^\d+$/.test(value) ? Number(value) : value)));
      if (answer === null) process.exit(1);
      console.log(answer);
    } catch (error) {
      console.error(`error: ${error.message}`);
      process.exit(1);
    }
  ' "$root/scripts/lib/$1" "${@:2}"
}

# Builds the generator of scripts/tools/wasm-bindgen, and sets wasm_bindgen to it.
need_wasm_bindgen() {
  local from=$root/scripts/tools/wasm-bindgen ours theirs
  ours=$(locked_version wasm-bindgen "$root/Cargo.lock")
  theirs=$(locked_version wasm-bindgen-cli-support "$from/Cargo.lock")
  [ "$ours" = "$theirs" ] || die "wasm-bindgen is $ours in Cargo.lock and $theirs in scripts/tools/wasm-bindgen/Cargo.lock: they must be equal"
  wasm_bindgen=$tools/wasm-bindgen/release/email-queue-wasm-bindgen
  [ -x "$wasm_bindgen" ] || say "building .tools/wasm-bindgen (wasm-bindgen $ours, about a minute)"
  # From the project's root, for its toolchain; cargo finds for itself whether there is something to do.
  (cd "$root" && env -u CARGO_ENCODED_RUSTFLAGS -u RUSTFLAGS cargo build --release --locked --quiet \
    --manifest-path "$from/Cargo.toml" --target-dir "$tools/wasm-bindgen") || die "wasm-bindgen did not build"
}

# Brings Debian packages to .tools/debs/NAME.deb without installing them: needs no root.
need_debs() { # names
  local name missing=()
  for name in "$@"; do [ -f "$tools/debs/$name.deb" ] || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! have apt-get || ! have dpkg; then
    say "error: these Debian packages are needed and there is no apt-get to bring them: ${missing[*]}"
    return 1
  fi
  say "downloading into .tools/debs: ${missing[*]}"
  local new
  new=$(mktemp -d)
  # Debian's mirror has only the newest of each package: old lists are worth one try, then there are lists of our own.
  if ! download_debs "$new" "${missing[@]}" >/dev/null 2>&1; then
    mkdir -p "$tools/apt/lists/partial" "$tools/apt/cache/archives/partial"
    local private=(-o "Dir::State::lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt/cache")
    if ! { apt-get -qq -o APT::Sandbox::User=root "${private[@]}" update &&
      download_debs "$new" "${private[@]}" "${missing[@]}"; } >"$new/log" 2>&1; then
      cat "$new/log" >&2
      rm -rf "$new"
      say "error: these Debian packages could not be downloaded: ${missing[*]}"
      return 1
    fi
  fi
  mkdir -p "$tools/debs"
  for name in "${missing[@]}"; do
    cp "$new/$name"_*.deb "$new/$name.deb" && mv "$new/$name.deb" "$tools/debs/" || return 1
  done
  rm -rf "$new"
}

download_debs() { # folder, apt-get's options and package names
  (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "${@:2}")
}
