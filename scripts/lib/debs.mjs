// Debian packages in .tools/debs, without installing them: needs no root.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT, findOnPath, outputOf, tempRoot } from "./host.mjs";

const DEBS = path.join(ROOT, ".tools/debs");
const APT = path.join(ROOT, ".tools/apt");

/** Where the package's file is. @param {string} name */
const fileOf = (name) => path.join(DEBS, `${name}.deb`);

/**
 * Brings packages to .tools/debs/NAME.deb.
 * @param {string[]} names @param {(text: string) => void} [log] @throws {Error}
 */
export function ensureDebs(names, log = (text) => void process.stderr.write(`${text}\n`)) {
  const missing = names.filter((name) => !fs.existsSync(fileOf(name)));
  if (missing.length === 0) return;
  if (!findOnPath("apt-get") || !findOnPath("dpkg")) {
    throw new Error(`these Debian packages are missing, and so is apt-get, which could install them: ${missing.join(" ")}`);
  }
  log(`   downloading into .tools/debs: ${missing.join(" ")}`);
  const folder = fs.mkdtempSync(path.join(tempRoot(), "email-queue-debs-"));
  try {
    // Debian's mirror has only the newest of each package: old lists are worth one try, then there are lists of our own.
    if (download(folder, missing) !== "") {
      for (const part of ["lists/partial", "cache/archives/partial"]) fs.mkdirSync(path.join(APT, part), { recursive: true });
      const ours = ["-o", `Dir::State::lists=${APT}/lists`, "-o", `Dir::Cache=${APT}/cache`];
      const problem = apt(folder, [...ours, "update"]) || download(folder, missing, ours);
      if (problem) throw new Error(`these Debian packages could not be downloaded: ${missing.join(" ")}\n${problem}`);
    }
    fs.mkdirSync(DEBS, { recursive: true });
    for (const name of missing) {
      const found = fs.readdirSync(folder).find((file) => file.startsWith(`${name}_`)) ?? "";
      // Beside the place first: another run must not find half of it.
      const near = `${fileOf(name)}.${process.pid}`;
      fs.copyFileSync(path.join(folder, found), near);
      fs.renameSync(near, fileOf(name));
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Lays a package over a folder. @param {string} name @param {string} folder */
export function unpackDeb(name, folder) {
  fs.mkdirSync(folder, { recursive: true });
  if (outputOf("dpkg", ["-x", fileOf(name), folder]) === null) throw new Error(`dpkg could not unpack ${name}`);
}

/**
 * The folder .tools/debs/NAME with what the package has.
 * @param {string} name @param {string} file something that is in it
 */
export function ensureUnpacked(name, file) {
  const folder = path.join(DEBS, name);
  if (fs.existsSync(path.join(folder, file))) return folder;
  ensureDebs([name]);
  unpackDeb(name, folder);
  return folder;
}

/** The program, on this machine or from Debian. @returns {string} @throws {Error} */
export const findShellcheck = () => findOnPath("shellcheck") ?? path.join(ensureUnpacked("shellcheck", "usr/bin/shellcheck"), "usr/bin/shellcheck");

/** @param {string} folder @param {string[]} names @param {string[]} [options] @returns {string} what went wrong */
const download = (folder, names, options = []) => apt(folder, [...options, "download", ...names]);

/** @param {string} cwd @param {string[]} args @returns {string} what went wrong */
function apt(cwd, args) {
  const run = spawnSync("apt-get", ["-qq", "-o", "APT::Sandbox::User=root", ...args], { cwd, encoding: "utf8" });
  return run.status === 0 ? "" : run.stderr || "apt-get failed";
}
