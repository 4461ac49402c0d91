// Tools that npm brings, pinned by a manifest and its lock, and installed again when these change.
import { createHash, randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { IS_DENO, findOnPath, outputOf, sleep } from "./host.js";
import { own, startProcess } from "./processes.js";

/** An installation says what it is doing once it has taken this long. */
const QUIET_MS = 2_000;

/** A lock whose owner cannot be told by its process id is given up after this long. */
const STALE_LOCK_MS = 10 * 60_000;

const STAMP = ".installed";

/** The manifests of Supabase Lite (`lite`) and of Deno (`deno`). */
export const MANIFESTS = path.join(path.dirname(fileURLToPath(import.meta.url)), "tools");

/**
 * Makes sure that a tool is installed as pinned.
 * @param {string} manifest a folder, whose name is the tool's @param {string} folder of the installed tools
 * @param {(text: string) => void} [log] where progress goes: standard error by default
 * @returns {Promise<string>} the folder that has its node_modules
 */
export async function ensureInstalled(manifest, folder, log = (text) => void process.stderr.write(text)) {
  const name = path.basename(manifest);
  const target = path.join(folder, name);
  if (isInstalled(manifest, target)) return target;
  const installer = findInstaller(manifest);
  fs.mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    log(seconds < 4 ? `Installing ${name} into ${folder} (once) …\n` : `  … ${name}: ${seconds} s\n`);
  }, QUIET_MS);
  const unlock = await lock(path.join(folder, `.${name}.lock`));
  const disown = own(unlock);
  try {
    if (!isInstalled(manifest, target)) await install({ name, manifest, target, installer });
  } finally {
    clearInterval(timer);
    disown();
    unlock();
  }
  return target;
}

/** The program of an installed Deno of npm's, where npm has one for this machine. @param {string} tool its folder @returns {string | undefined} */
export function denoIn(tool) {
  const packages = path.join(tool, "node_modules/@deno");
  return (fs.existsSync(packages) ? fs.readdirSync(packages) : [])
    .map((folder) => path.join(packages, folder, process.platform === "win32" ? "deno.exe" : "deno")).find((program) => fs.existsSync(program));
}

/**
 * @typedef {object} Installer
 * @property {string} program
 * @property {string[]} args
 * @property {string[]} files of the manifest
 * @property {Record<string, string>} env
 */

/** npm where it is, else Deno, which reads the same manifest. @param {string} manifest @returns {Installer} */
function findInstaller(manifest) {
  const deno = IS_DENO ? process.execPath : findOnPath("deno");
  const hasDenoLock = fs.existsSync(path.join(manifest, "deno.lock"));
  const npm = findOnPath("npm");
  if (IS_DENO && hasDenoLock && deno) return denoInstaller(deno);
  if (npm && findOnPath("node")) {
    return {
      program: npm,
      // No package's script has to run: what they would prepare is found without them.
      args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"],
      files: NPM_FILES,
      env: {},
    };
  }
  if (deno && hasDenoLock) return denoInstaller(deno);
  throw new Error(`npm is needed to install ${path.basename(manifest)}: it comes with Node (https://nodejs.org)`);
}

/** @param {string} deno @returns {Installer} */
const denoInstaller = (deno) => ({
  program: deno,
  args: ["install", "--quiet", "--frozen"],
  files: DENO_FILES,
  // Trust what the system trusts too, as npm's and curl's users expect behind a company's proxy.
  env: { DENO_TLS_CA_STORE: process.env.DENO_TLS_CA_STORE ?? "mozilla,system" },
});

const NPM_FILES = ["package.json", "package-lock.json"];
const DENO_FILES = ["package.json", "deno.lock"];

/** @param {string} manifest @param {string[]} files @returns {string} */
function fingerprint(manifest, files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(fs.readFileSync(path.join(manifest, file))).update("\0");
  return `${files.at(-1)} ${process.platform}-${process.arch} ${hash.digest("hex")}\n`;
}

/**
 * What npm installed serves Deno too, and the other way round.
 * @param {string} manifest @param {string} target
 */
function isInstalled(manifest, target) {
  const stamp = path.join(target, STAMP);
  if (!fs.existsSync(stamp)) return false;
  const found = fs.readFileSync(stamp, "utf8");
  return [NPM_FILES, DENO_FILES]
    .filter((files) => files.every((file) => fs.existsSync(path.join(manifest, file))))
    .some((files) => fingerprint(manifest, files) === found);
}

/**
 * Installs beside the target, then swaps: nobody ever sees half of it.
 * @param {{name: string, manifest: string, target: string, installer: Installer}} options
 */
async function install({ name, manifest, target, installer }) {
  const parent = path.dirname(target);
  const mark = `.${name}.new-`;
  // The holder of the lock is alone: another folder is of a run that was killed.
  for (const left of fs.readdirSync(parent)) {
    if (left.startsWith(mark)) fs.rmSync(path.join(parent, left), { recursive: true, force: true });
  }
  const folder = path.join(parent, `${mark}${randomUUID()}`);
  const old = `${folder}.old`;
  const clear = () => [folder, old].forEach((left) => fs.rmSync(left, { recursive: true, force: true }));
  const disown = own(clear);
  try {
    fs.mkdirSync(folder);
    for (const file of installer.files) fs.copyFileSync(path.join(manifest, file), path.join(folder, file));
    const { program, args, env } = installer;
    const run = await startProcess({ name: `installing ${name}`, program, args, cwd: folder, env: { ...process.env, ...env } });
    const { code } = await run.exited;
    if (code !== 0) throw new Error(`could not install ${name}: ${program} ${args[0]} ended with ${code}\n${firstLines(run.output())}`);
    fs.writeFileSync(path.join(folder, STAMP), fingerprint(manifest, installer.files));
    if (fs.existsSync(target)) fs.renameSync(target, old);
    fs.renameSync(folder, target);
  } finally {
    disown();
    clear();
  }
}

/** @param {string} text */
const firstLines = (text) => text.trim().split("\n").slice(0, 15).join("\n");

/**
 * Takes a lock that is a file with the owner's process id; the lock of a dead process is taken over.
 * @param {string} file @returns {Promise<() => void>} gives it back
 */
export async function lock(file) {
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    }
    if (isAbandoned(file)) {
      // Renaming takes it away from the others who found it abandoned at the same moment.
      const taken = `${file}.${randomUUID()}`;
      try {
        fs.renameSync(file, taken);
        fs.rmSync(taken, { force: true });
      } catch {
        // Somebody else did.
      }
      continue;
    }
    await sleep(200);
  }
}

/** @param {string} file */
function isAbandoned(file) {
  try {
    const age = Date.now() - fs.statSync(file).mtimeMs;
    const pid = Number(fs.readFileSync(file, "utf8"));
    if (!Number.isInteger(pid) || pid <= 0) return age > QUIET_MS;
    return age > STALE_LOCK_MS || !isAlive(pid);
  } catch {
    return false;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** The version of a Deno, like `2.1.4`. @param {string} deno */
export const denoVersion = (deno) =>
  // Deno runs itself as if it were Node: asking this one would not do.
  deno === process.execPath && IS_DENO
    ? /** @type {any} */ (globalThis).Deno.version.deno
    : outputOf(deno, ["--version"])?.match(/^deno (\S+)/)?.[1] ?? "unknown";
