// A place where cases run one after the other: a database of its own, Supabase Lite before it, a sandbox, and workers
// (processes of the function), each behind wires of its own.
import { connect, ensureDeno, startFunction, startLite, startPostgres, waitFor } from "../../../scripts/lib/stack.mjs";
import { startSandbox } from "../../../src/js/sandbox/server.mjs";
import { Database } from "./database.mjs";
import { ask, Reports } from "./reports.mjs";
import { databaseStep, providerStep, Wire } from "./wire.mjs";

/**
 * How long a run may take. Its requests time out after a third of it, its calls after ten seconds. The shortest that the function takes is for
 * cases that wait for such a time-out; the other for cases that no time-out may end on a busy machine. It ends before the first retry is due.
 */
const RUN_SECONDS = { short: "10", long: "40" };

/** The Deno of Supabase's platform. */
export const deno = await ensureDeno("2.1.4");

/** One PostgreSQL with a database that has the migrations, to be copied. */
export async function startCluster() {
  const postgres = await startPostgres({ version: 15, settings: { max_connections: "300" } });
  const admin = await connect(postgres.url, { max: 1 });
  await admin.unsafe("create database original");
  const lite = await startLite({ driver: "postgres", databaseUrl: postgres.urlOf("original") });
  await lite.stop();
  let copies = 0;
  return {
    postgres,
    /** @returns {Promise<string>} the address of a new copy */
    copy: async () => {
      const name = `place_${++copies}`;
      // Lite's last connection may take a moment to end.
      await waitFor(() => admin.unsafe(`create database ${name} template original`).then(() => true, refuseUnlessBusy), { what: "the copy" });
      return postgres.urlOf(name);
    },
    stop: async () => {
      await admin.end({ timeout: 1 });
      await postgres.stop();
    },
  };
}

/** @param {any} error */
function refuseUnlessBusy(error) {
  if (error.code !== "55006") throw error;
  return false;
}

/** A process of the function with its wires. */
class Worker {
  /** @type {Awaited<ReturnType<typeof startFunction>> | null} */
  fn = null;
  /** @type {keyof typeof RUN_SECONDS} */
  runs = "short";

  /** @param {Place} place @param {Wire} database @param {Wire} provider */
  constructor(place, database, provider) {
    this.place = place;
    this.database = database;
    this.provider = provider;
  }

  async start() {
    if (this.runs !== this.place.runs) await this.kill();
    this.runs = this.place.runs;
    this.fn ??= await startFunction({
      deno,
      env: {
        SUPABASE_URL: this.database.url,
        SUPABASE_SECRET_KEY: this.place.lite.secretKey,
        RESEND_API_KEY: "re_the_key_of_the_tests",
        RESEND_BASE_URL: this.provider.url,
        EMAIL_QUEUE_RUN_SECONDS: RUN_SECONDS[this.runs],
      },
    });
    return this.fn;
  }

  /** Runs the queue once; null where the process died meanwhile. @returns {Promise<any>} */
  async run() {
    const fn = await this.start();
    try {
      return await fn.invoke(undefined, { timeout: 240_000 });
    } catch (error) {
      if (this.fn === null) return null;
      throw error;
    }
  }

  /** The process dies at once, as in a power cut. */
  async kill() {
    const { fn } = this;
    this.fn = null;
    await fn?.kill();
  }

  /** Its wires pass everything on. */
  mend() {
    this.database.mend();
    this.provider.mend();
  }
}

export class Place {
  /** @type {Worker[]} */
  workers = [];
  /** @type {Database} */
  db;
  /** @type {Awaited<ReturnType<typeof startLite>>} */
  lite;
  /** @type {Awaited<ReturnType<typeof startSandbox>>} */
  sandbox;
  /** @type {Reports | null} */
  #reports = null;
  /** How long the runs of the present case are. @type {keyof typeof RUN_SECONDS} */
  runs = "short";

  /** @param {string} url */
  static async start(url) {
    const place = new Place();
    place.db = new Database(await connect(url, { max: 2 }));
    place.lite = await startLite({ driver: "postgres", databaseUrl: url, migrate: false });
    place.sandbox = await startSandbox({ rateLimit: 0, eventsHeld: true });
    return place;
  }

  /** @returns {Promise<Worker>} the n-th worker, from 0 */
  async worker(n = 0) {
    return this.workers[n] ??= new Worker(
      this,
      await Wire.start(this.lite.url, databaseStep),
      await Wire.start(this.sandbox.url, providerStep),
    );
  }

  /** The function that takes the sandbox's reports, which are held until a case releases them. */
  async reports() {
    return this.#reports ??= await Reports.start({ deno, database: this.lite, secretKey: this.lite.secretKey, sandbox: this.sandbox });
  }

  /** The provider's id of what was accepted. @param {string} id of a message */
  emailOf = (id) => Object.entries(/** @type {any} */ (this.sandbox.state({ ids: true })).emailIds).find(([, { messageId }]) => messageId === id)?.[0];

  /** As it was at first, but for the processes that run. */
  async reset() {
    for (const worker of this.workers) {
      worker.database.forget();
      worker.provider.forget();
    }
    await this.db.reset();
    await this.admin("reset", {});
  }

  /** @param {string} path @param {object} body */
  admin = (path, body) => ask(this.sandbox, path, body);

  /**
   * Nothing fails any more: time goes by, an operator resumes what was paused, and the queue is run until nothing is open.
   * @param {number} [rounds] at most
   */
  async recover(rounds = 12) {
    const worker = await this.worker();
    for (const each of this.workers) each.mend();
    const runs = [];
    for (let round = 0; round < rounds && !(await this.db.isDrained()); round++) {
      await this.db.passTime();
      await this.db.resume();
      runs.push(await worker.run());
    }
    return runs;
  }

  async stop() {
    for (const worker of this.workers) {
      await worker.kill();
      await worker.database.stop();
      await worker.provider.stop();
    }
    await this.#reports?.kill();
    await this.db.sql.end({ timeout: 1 });
    await this.sandbox.close();
    await this.lite.stop();
  }
}
