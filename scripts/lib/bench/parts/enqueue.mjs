// What an application's transaction pays to enqueue: beside other queues, of three sizes, one by one and as a list, and from a trigger.
import { startCluster } from "../cluster.mjs";
import { costOf } from "../enqueue-cost.mjs";
import { pgbench } from "../pgbench.mjs";
import { addHistory, oursWithHistory } from "../queues/index.mjs";
import { findPgmq } from "../queues/pgmq.mjs";
import { senders } from "../queues/senders.mjs";
import { alternate, figure, ratio, spread, withRange } from "../stats.mjs";

/** @typedef {import("../queues/senders.mjs").Sender} Sender @typedef {import("../enqueue-cost.mjs").Cost} Cost @typedef {import("../stats.mjs").Spread} Spread */

/** Words in an order of their own, so that a long text compresses like one. @param {number} length */
function text(length) {
  const words = ["order", "thank", "delivery", "invoice", "your", "with", "from", "and", "address", "payment", "tomorrow", "parcel", "the", "of", "<p>", "</p>", "total", "questions"];
  let [all, state] = ["", 1];
  while (all.length < length) {
    state = (state * 1103515245 + 12345) % 2147483648;
    all += `${words[(state >> 16) % words.length]}${state % 7 ? "" : state % 1000} `;
  }
  return all.slice(0, length);
}

/** @param {string} n a column @param {number} bytes of the whole payload */
export const mail = (n, bytes) => `jsonb_build_object('from', 'Shop <shop@shop.example>', 'to', 'user-' || ${n} || '@customer.example', 'subject', 'Order ' || ${n}, 'content', '${text(bytes - 115)}')`;

const SMALL = 470;
const SIZES = /** @type {[string, number][]} */ ([["470 bytes", SMALL], ["5 kB", 5_000], ["50 kB", 50_000]]);
const LIST = 1000;
const CLIENTS = [1, 4, 16];
const TRIGGER = "470 bytes, from a trigger";
const LISTED = `470 bytes, lists of ${LIST}`;

/** @typedef {{name: string, senders: Sender[], measure: (sender: Sender) => Promise<Cost>}} Case */

/** @param {import("../main.mjs").Context} context @returns {Promise<import("../main.mjs").Outcome>} */
export async function enqueue({ log, quick, rounds }) {
  const cluster = await startCluster();
  try {
    const all = [senders.ours, ...findPgmq() ? [senders.pgmq] : [], senders.graphile, senders.boss, senders.plain];
    for (const { queue } of all) await cluster.database(queue);
    const past = await cluster.database(oursWithHistory);
    // As a deployment leaves it: a schedule calls the function.
    for (const queue of [senders.ours.queue, oursWithHistory]) await (await cluster.database(queue)).unsafe("insert into email_queue_private.wiring (cron_line) values ('* * * * *')");
    const history = quick ? 20_000 : 10_000_000;
    await addHistory(past, history);
    log(`a history of ${figure(history)} messages is there`);
    const commits = quick ? 100 : 1000;
    /** @type {Case[]} */
    const cases = [
      ...SIZES.map(([name, bytes]) => {
        const calls = quick ? Math.min(300, 3e6 / bytes) : 1000;
        return {
          name,
          senders: bytes === SMALL ? [...all, senders.withHistory] : all,
          measure: (/** @type {Sender} */ { queue, one }) => costOf(cluster, queue.database, `select count(${one(mail("n", bytes))}) from generate_series(1, ${calls}) as n`, calls),
        };
      }),
      { name: LISTED, senders: all, measure: ({ queue, gather, many }) => costOf(cluster, queue.database, `select ${many("list")} from input`, LIST,
        `create temp table input as select ${gather(mail("n", SMALL))} as list from generate_series(1, ${LIST}) as n`) },
      { name: TRIGGER, senders: all, measure: async (sender) => {
        await fires(await cluster.database(sender.queue), sender);
        return costOf(cluster, sender.queue.database, `do $$ begin for n in 1..${commits} loop insert into orders values (n); commit; end loop; end $$`, commits);
      } },
    ];
    const results = [];
    for (const one of cases) {
      const found = await alternate(one.senders, 2 * rounds, one.measure);
      results.push({ name: one.name, found });
      log(`${one.name}: ${[...found].map(([{ name }, costs]) => `${name} ${figure(spread(costs.map(({ cpu }) => cpu)).median)} µs`).join(", ")}`);
    }
    const speeds = [];
    for (const clients of CLIENTS) {
      const found = await alternate([...all, senders.withHistory], rounds, async ({ queue, one }) => {
        const sql = await cluster.database(queue);
        if (queue !== oursWithHistory) await queue.clear(sql);
        await sql.unsafe("checkpoint");
        const run = { ...queue, warmup: 0, variables: {}, script: () => `\\set n random(1, 1000000)\nselect ${one(mail(":n", SMALL))};\n` };
        return (await pgbench({ ...cluster, sql, queue: run, size: 1, clients, calls: Math.ceil((quick ? 320 : 6000) / clients) })).perSecond;
      });
      speeds.push({ clients, found });
      log(`${clients} clients: ${[...found].map(([{ name }, rates]) => `${name} ${figure(spread(rates).median)}/s`).join(", ")}`);
    }
    return { tables: tables(results, speeds), goals: goals(results, speeds), plots: [], raw: {
      costs: results.map(({ name, found }) => ({ name, found: Object.fromEntries([...found].map(([sender, costs]) => [sender.name, costs])) })),
      speeds: speeds.map(({ clients, found }) => ({ clients, found: Object.fromEntries([...found].map(([sender, rates]) => [sender.name, rates])) })),
    } };
  } finally {
    await cluster.stop();
  }
}

/** A table whose trigger enqueues, with the wake-up on. @param {any} sql @param {Sender} sender */
async function fires(sql, { queue, one }) {
  const body = `begin perform ${one(mail("new.n", SMALL))}; return null; end`;
  await sql.unsafe(`
    create table if not exists orders (n integer);
    create or replace function enqueue_order() returns trigger language plpgsql as $$ ${body} $$;
    create or replace trigger order_is_mailed after insert on orders for each row execute function enqueue_order();
    ${queue === senders.ours.queue ? "update email_queue_private.wiring set wake_every_ms = 1000 where singleton" : ""}`);
}

/** @typedef {{name: string, found: Map<Sender, Cost[]>}[]} Results @typedef {{clients: number, found: Map<Sender, number[]>}[]} Speeds */

/** @param {Results} results @param {Speeds} speeds @returns {import("../main.mjs").Table[]} */
const tables = (results, speeds) => [
  ...results.map(({ name, found }) => {
    const [first] = found.values();
    return {
      title: `${name}, a message`,
      columns: ["", "CPU µs of the backend", "email-queue ×", "WAL bytes"],
      rows: [...found].map(([sender, costs]) => [sender.name, withRange(spread(costs.map(({ cpu }) => cpu))), withRange(ratio((first ?? []).map(({ cpu }) => cpu), costs.map(({ cpu }) => cpu))),
        figure(spread(costs.map(({ wal }) => wal)).median)]),
    };
  }),
  {
    title: "470 bytes: calls a second, each its own transaction",
    columns: ["", ...speeds.map(({ clients }) => `${clients} client${clients === 1 ? "" : "s"}`)],
    rows: [...speeds[0]?.found.keys() ?? []].map((sender) => [sender.name, ...speeds.map(({ found }) => withRange(spread(found.get(sender) ?? [])))]),
  },
];

/** @param {Results} results @param {Speeds} speeds @returns {import("../main.mjs").Goal[]} */
function goals(results, speeds) {
  const { ours, withHistory, pgmq, graphile, boss } = senders;
  const cost = (/** @type {string} */ name, /** @type {Sender} */ sender, /** @type {"cpu" | "wal"} */ what) =>
    (results.find((one) => one.name === name)?.found.get(sender) ?? []).map((one) => one[what]);
  /** @param {string} text @param {string} name @param {Sender} theirs @param {number} most @param {"cpu" | "wal"} [what] @param {Sender} [mine] */
  const atMost = (text, name, theirs, most, what = "cpu", mine = ours) => {
    const value = ratio(cost(name, mine, what), cost(name, theirs, what));
    const known = cost(name, theirs, what).length > 0;
    return { text: `${text}: at most ${most} ×`, found: known ? `${withRange(value)} ×` : "its SQL is missing", met: known ? value.median <= most : null };
  };
  const small = SIZES[0]?.[0] ?? "";
  return [
    atMost("CPU of an enqueue of 470 bytes beside pgmq.send", small, pgmq, 3),
    atMost("the same with a history", small, pgmq, 3, "cpu", withHistory),
    atMost("the same from a trigger, with the wake-up on", TRIGGER, pgmq, 3),
    atMost("CPU of an enqueue of 50 kB beside pgmq.send", "50 kB", pgmq, 1.1),
    atMost(`CPU of a message in a list of ${LIST} beside graphile-worker's add_jobs`, LISTED, graphile, 1.2),
    atMost("WAL of an enqueue of 470 bytes beside pg-boss's", small, boss, 1.1, "wal"),
    ...speeds.flatMap(({ clients, found }) => /** @type {[Sender, number][]} */ ([[graphile, 1], [boss, 0.75]]).map(([theirs, least]) => {
      const value = ratio(found.get(ours) ?? [], found.get(theirs) ?? []);
      return { text: `calls a second, ${clients} client${clients === 1 ? "" : "s"}: at least ${least} × ${theirs.name}'s`, found: `${withRange(value)} ×`, met: value.median >= least };
    })),
  ];
}
