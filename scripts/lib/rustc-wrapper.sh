#!/bin/sh
# cargo calls this in place of rustc (RUSTC_WRAPPER): $1 is rustc, the rest its arguments.
#
# Panic messages carry the paths of the sources. Each path is replaced by one that is the same on every machine. RUSTFLAGS
# cannot do this: cargo mixes them into the crates' hashes, and these decide the order of functions in the module. So the paths
# of the machine would change the module in that way.
rustc=$1
shift

# The last prefix that matches wins: from the general to the particular.
if [ -n "${EMAIL_QUEUE_TARGET_DIR-}" ]; then
  set -- "$@" --remap-path-prefix "$EMAIL_QUEUE_TARGET_DIR=/target"
fi
if [ -n "${EMAIL_QUEUE_RUST_SRC-}" ]; then
  # Where the component rust-src is installed, rustc would name its folder instead of the commit's.
  set -- "$@" --remap-path-prefix "$EMAIL_QUEUE_RUST_SRC=/rustc/$EMAIL_QUEUE_RUST_COMMIT"
fi
if [ -n "${CARGO_MANIFEST_DIR-}" ]; then
  set -- "$@" --remap-path-prefix "$CARGO_MANIFEST_DIR=/$CARGO_PKG_NAME-$CARGO_PKG_VERSION"
fi
exec "$rustc" "$@"
