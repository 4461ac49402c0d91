// The real parts, with any number of processes of the function on one PostgreSQL.
import { connect, ensureDeno, startFunction, startLite, startPostgres } from "../../scripts/lib/stack.mjs";
import { Database } from "../faults/support/database.mjs";
import { Reports } from "../faults/support/reports.mjs";
import { startSandbox } from "../../src/js/sandbox/server.mjs";

/**
 * @param {{processes: number, rate: number, seconds?: number, between?: (url: string) => Promise<string>}} options
 *   rate: requests a second that the provider allows; seconds: how long a run may take, so how long leases are;
 *   between: something to put before the provider
 */
export async function startWorld({ processes, rate, seconds = 10, between = async (url) => url }) {
  const [postgres, deno] = await Promise.all([startPostgres({ version: 15, settings: { max_connections: "100" } }), ensureDeno("2.1.4")]);
  const [lite, sandbox] = await Promise.all([startLite({ driver: "postgres", databaseUrl: postgres.url }), startSandbox({ rateLimit: rate })]);
  const db = new Database(await connect(postgres.url, { max: 4 }));
  await db.reset();
  const env = {
    SUPABASE_URL: lite.url,
    SUPABASE_SECRET_KEY: lite.secretKey,
    RESEND_API_KEY: "re_the_key_of_the_tests",
    RESEND_BASE_URL: await between(sandbox.url),
    EMAIL_QUEUE_RUN_SECONDS: String(seconds),
  };
  const workers = Array.from({ length: processes }, () => new Worker({ deno, env }));
  await Promise.all(workers.map((worker) => worker.start()));
  const startReports = async () => await Reports.start({ deno, database: lite, secretKey: lite.secretKey, sandbox });
  return { postgres, lite, sandbox, db, workers, startReports };
}

/** A process of the function that can be replaced. */
export class Worker {
  /** @type {Promise<Awaited<ReturnType<typeof startFunction>>>} */
  fn = /** @type {any} */ (null);

  /** @param {Parameters<typeof startFunction>[0]} options */
  constructor(options) {
    this.options = options;
  }

  start = () => this.fn = startFunction(this.options);

  /** Kills it, and starts another. */
  async restart() {
    const old = await this.fn;
    await old.kill();
    await this.start();
  }
}
