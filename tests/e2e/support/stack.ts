// The real parts, once for each test file: PostgreSQL 15, Supabase Lite in front of it as PostgREST, the sandbox as
// the provider, and as many processes of the function as a test wants, on the Deno that runs the tests.
import { connect, startCountingProxy, startFunction, startLite, startPostgres, waitFor } from "../../../scripts/lib/stack.mjs";
import { startSandbox } from "../../../src/js/sandbox/server.mjs";
import { Database, type Sql } from "./database.ts";
import { Provider } from "./provider.ts";

export { waitFor };

// deno-lint-ignore-file no-explicit-any
export type Fn = Awaited<ReturnType<typeof startFunction>>;
export type Proxy = Awaited<ReturnType<typeof startCountingProxy>>;
export type Fault = NonNullable<NonNullable<Parameters<typeof startCountingProxy>[1]>["fault"]>;

/** What a run answers. */
export interface Run {
  runId: string;
  claimed: number;
  accepted: number;
  retried: number;
  failed: number;
  released: number;
  lost: number;
  remaining: number;
  stopped: "empty" | "deadline" | "limit" | "throttled" | "paused" | "unavailable" | "misconfigured";
  retryAfterSeconds?: number;
  durationMs: number;
}

export interface FunctionOptions {
  /** Beside or in place of what a working function has; one that is undefined is not set. */
  env?: Record<string, string | undefined>;
  importMap?: string;
  entry?: string;
  /** What the function calls in place of the database's and the provider's own address. */
  database?: { url: string };
  provider?: { url: string };
}

/** What the settings are for tests: retries within milliseconds, and no rate of ours. */
const SETTINGS = {
  default_sender: "Shop <shop@shop.example>",
  rate_limit: 1000,
  retry_base_ms: 100,
  retry_cap_ms: 200,
};

export class Stack {
  /** All that functions have printed, by those that have ended too. */
  #outputs: (() => string)[] = [];
  #started: { stop: () => Promise<unknown> }[] = [];

  private constructor(
    readonly postgres: Awaited<ReturnType<typeof startPostgres>>,
    readonly lite: Awaited<ReturnType<typeof startLite>>,
    readonly db: Database,
    readonly provider: Provider,
  ) {}

  static async start(): Promise<Stack> {
    const postgres = await startPostgres({ version: 15 });
    const [lite, sandbox] = await Promise.all([startLite({ driver: "postgres", databaseUrl: postgres.url }), startSandbox({ rateLimit: 0 })]);
    const sql: Sql = await connect(postgres.url, { max: 4 });
    const db = new Database(sql);
    return new Stack(postgres, lite, db, new Provider(sandbox));
  }

  /** As it was at its start, with the settings of tests; what the test before has started is stopped, if not told otherwise. */
  async reset({ keepRunning = false } = {}): Promise<void> {
    if (!keepRunning) await this.stopStarted();
    await this.db.reset();
    await this.provider.reset();
    await this.configure(SETTINGS);
  }

  configure = (settings: Record<string, unknown>): Promise<any> => this.lite.rpc("email_queue_configure", { p_settings: settings });

  /** A process of the function, stopped at the test's end. */
  async function({ env = {}, importMap, entry, database = this.lite, provider = this.provider }: FunctionOptions = {}): Promise<Fn> {
    const fn = await startFunction({
      importMap,
      ...(entry && { entry }),
      env: {
        SUPABASE_URL: database.url,
        SUPABASE_SECRET_KEY: this.lite.secretKey,
        RESEND_API_KEY: "re_the_key_of_the_tests",
        RESEND_BASE_URL: provider.url,
        ...env,
      },
    });
    this.#started.push(fn);
    this.#outputs.push(fn.output);
    return fn;
  }

  /** A proxy before the database or the provider, stopped at the test's end. */
  async proxy(target: { url: string }, fault?: Fault): Promise<Proxy> {
    const proxy = await startCountingProxy(target.url, { fault });
    this.#started.push(proxy);
    return proxy;
  }

  /** What all functions of this file have printed. */
  output = (): string => this.#outputs.map((output) => output()).join("\n");

  /** The last lines of the functions that the current test has started. */
  recentOutput = (): string => this.#outputs.slice(-3).map((output) => output().trimEnd().split("\n").slice(-15).join("\n")).join("\n--\n");

  async stopStarted(): Promise<void> {
    const started = this.#started.splice(0).reverse();
    await Promise.all(started.map((one) => one.stop()));
  }

  async stop(): Promise<void> {
    await this.stopStarted();
    await this.db.sql.end({ timeout: 1 });
    await this.provider.close();
    await this.lite.stop();
    await this.postgres.stop();
  }

  /** Runs the function until a condition holds (nothing is open, if not told otherwise); gives all answers. */
  async drain(fn: Fn, { until = () => this.db.isDrained(), timeout = 240_000 }: { until?: () => boolean | Promise<boolean>; timeout?: number } = {}): Promise<Run[]> {
    const runs: Run[] = [];
    await waitFor(
      async () => {
        runs.push(await fn.invoke());
        return await until();
      },
      { timeout, interval: 50, what: "the queue to drain" },
    );
    return runs;
  }
}
