// The same cases over every queue of the package.
import { after, describe, test } from "node:test";
import { startLite, startPostgres } from "../../scripts/lib/stack.mjs";
import { InMemoryQueueProvider, QueueError, SupabaseQueueProvider } from "../../pkg/index.js";
import { cases, runCase } from "./cases.mjs";

describe("in memory", () => all(() => new InMemoryQueueProvider()));

describe("Supabase Lite on PGlite", () => {
  const lite = startLite();
  after(async () => await (await lite).stop());
  all(async () => over(await lite));
});

describe("Supabase Lite on PostgreSQL", () => {
  const postgres = startPostgres({ version: 15 });
  const lite = postgres.then(({ url }) => startLite({ driver: "postgres", databaseUrl: url }));
  after(async () => {
    await (await lite).stop();
    await (await postgres).stop();
  });
  all(async () => over(await lite));
});

const over = ({ url, secretKey }) => new SupabaseQueueProvider(url, secretKey, { timeoutSeconds: 60 });

/** @param {() => Promise<import("../../pkg/index.js").QueueProvider> | import("../../pkg/index.js").QueueProvider} open */
function all(open) {
  const queue = Promise.resolve().then(open);
  queue.catch(() => {});
  for (const [index, one] of cases.entries()) {
    test(one.name, async () => await runCase(await queue, one, { QueueError, type: `js-${index}` }));
  }
}
