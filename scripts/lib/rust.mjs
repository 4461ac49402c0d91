// Rust for the scripts: the toolchain of rust-toolchain.toml with its target, locked versions, and the generator of the module's
// JavaScript.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { ROOT, findOnPath, outputOf } from "./host.mjs";

const WASM = "wasm32-unknown-unknown";

/** @returns {{sysroot: string}} @throws {Error} says what is missing */
export function ensureRust() {
  if (!findOnPath("cargo")) throw new Error("cargo is missing: install Rust through rustup (https://rustup.rs)");
  // Asked in the project's folder, rustup's rustc brings the toolchain.
  const sysroot = outputOf("rustc", ["--print", "sysroot"], { cwd: ROOT });
  if (sysroot === null) throw new Error("the toolchain of rust-toolchain.toml is missing: rustup toolchain install");
  if (!fs.existsSync(path.join(sysroot, "lib/rustlib", WASM, "lib"))) {
    if (!findOnPath("rustup")) throw new Error(`the target ${WASM} is missing, and rustup, which could add it, is missing too`);
    const run = spawnSync("rustup", ["target", "add", WASM], { cwd: ROOT, stdio: ["ignore", 2, 2] });
    if (run.status !== 0) throw new Error(`rustup could not add the target ${WASM}`);
  }
  return { sysroot };
}

/** @returns {boolean} */
export const hasNextest = () => outputOf("cargo", ["nextest", "--version"], { cwd: ROOT }) !== null;

/** The version that a Cargo.lock gives a crate. @param {string} crate @param {string} file @returns {string} */
export function lockedVersion(crate, file) {
  const found = new RegExp(`^name = "${crate}"\nversion = "(.+)"$`, "m").exec(fs.readFileSync(file, "utf8"));
  if (!found?.[1]) throw new Error(`${path.relative(ROOT, file)} has no ${crate}`);
  return found[1];
}

/** Builds the generator of scripts/tools/wasm-bindgen. @returns {string} the program @throws {Error} */
export function ensureWasmBindgen() {
  const from = path.join(ROOT, "scripts/tools/wasm-bindgen");
  const ours = lockedVersion("wasm-bindgen", path.join(ROOT, "Cargo.lock"));
  const theirs = lockedVersion("wasm-bindgen-cli-support", path.join(from, "Cargo.lock"));
  if (ours !== theirs) throw new Error(`wasm-bindgen is ${ours} in Cargo.lock and ${theirs} in scripts/tools/wasm-bindgen/Cargo.lock: they must be equal`);
  const folder = path.join(ROOT, ".tools/wasm-bindgen");
  const program = path.join(folder, "release/email-queue-wasm-bindgen");
  if (!fs.existsSync(program)) process.stderr.write(`building .tools/wasm-bindgen (wasm-bindgen ${ours}, about a minute)\n`);
  const { CARGO_ENCODED_RUSTFLAGS: _, RUSTFLAGS: __, ...env } = process.env;
  // From the project's folder, for its toolchain; cargo finds for itself whether there is something to do.
  const args = ["build", "--release", "--locked", "--quiet", "--manifest-path", path.join(from, "Cargo.toml"), "--target-dir", folder];
  if (spawnSync("cargo", args, { cwd: ROOT, env, stdio: ["ignore", 2, 2] }).status !== 0) throw new Error("wasm-bindgen did not build");
  return program;
}
