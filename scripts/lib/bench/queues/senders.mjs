// How mail is put into each queue, with that queue's own call; an insert into a table of one column is the floor.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolder } from "../../stack.mjs";
import { boss, graphile, ours, oursWithHistory, pgmq } from "./index.mjs";

/**
 * @typedef {import("./index.mjs").Queue} Queue
 *
 * @typedef {object} Sender
 * @property {string} name
 * @property {Queue} queue
 * @property {(payload: string) => string} one an expression that enqueues one e-mail
 * @property {(payload: string) => string} gather an aggregate: what `many` takes
 * @property {(list: string) => string} many an expression that enqueues a list
 */

/** @type {Sender} */
const ourSender = {
  name: "email-queue",
  queue: ours,
  one: (payload) => `public.email_queue_enqueue(${payload})`,
  gather: (payload) => `jsonb_agg(jsonb_build_object('payload', ${payload}))`,
  many: (list) => `public.email_queue_enqueue_many(${list})`,
};

/** @type {Sender} */
const withHistory = { ...ourSender, name: "email-queue with history", queue: oursWithHistory };

/** @type {Sender} */
const pgmqSender = {
  name: "pgmq",
  queue: pgmq,
  one: (payload) => `(select s from pgmq.send('email', ${payload}) as s)`,
  gather: (payload) => `array_agg(${payload})`,
  many: (list) => `(select count(*) from pgmq.send_batch('email', ${list}))`,
};

/** @type {Sender} */
const graphileSender = {
  name: "graphile-worker",
  queue: graphile,
  one: (payload) => `graphile_worker.add_job('email', ${payload}::json)`,
  gather: (payload) => `array_agg(('email', ${payload}::json, null, null, null, null, null, null)::graphile_worker.job_spec)`,
  many: (list) => `(select count(*) from graphile_worker.add_jobs(${list}))`,
};

/** Its statement takes the jobs as text. @type {Sender} */
const bossSender = {
  name: "pg-boss",
  queue: {
    ...boss,
    setup: async (sql, url) => {
      await boss.setup(sql, url);
      const file = path.join(await packageFolder("bench", "pg-boss"), "dist/plans.js");
      const { insertJobs } = await import(pathToFileURL(file).href);
      const insert = insertJobs("pgboss", { table: "job_common", name: "email" }).replaceAll("$1", "p_jobs");
      await sql.unsafe(`create function bench.send(p_jobs text) returns setof uuid language plpgsql as $$
        #variable_conflict use_column
        begin return query ${insert}; end $$`);
    },
  },
  one: (payload) => `(select s from bench.send(jsonb_build_array(jsonb_build_object('name', 'email', 'data', ${payload}))::text) as s)`,
  gather: (payload) => `jsonb_agg(jsonb_build_object('name', 'email', 'data', ${payload}))::text`,
  many: (list) => `(select count(*) from bench.send(${list}))`,
};

/** @type {Sender} */
const plain = {
  name: "plain insert",
  queue: {
    ...pgmq,
    name: "plain insert",
    database: "bench_plain",
    schema: "bench",
    setup: async (sql) => void await sql.unsafe(`
      create schema bench;
      create table bench.mail (id bigint generated always as identity primary key, payload jsonb not null);
      create function bench.send(p_payload jsonb) returns bigint language sql as 'insert into bench.mail (payload) values (p_payload) returning id';
      create function bench.send_many(p_payloads jsonb[]) returns void language sql as 'insert into bench.mail (payload) select unnest(p_payloads)'`),
    clear: async (sql) => void await sql.unsafe("truncate bench.mail"),
  },
  one: (payload) => `bench.send(${payload})`,
  gather: (payload) => `array_agg(${payload})`,
  many: (list) => `bench.send_many(${list})`,
};

export const senders = { ours: ourSender, withHistory, pgmq: pgmqSender, graphile: graphileSender, boss: bossSender, plain };
