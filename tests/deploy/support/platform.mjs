// What Supabase hosts, at one address: the Management API (what of it the CLI and the doctor call), the API gateway with
// PostgREST (Supabase Lite) behind it, and the deployed function, from the parts that were uploaded and nothing else.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { startFunction, startLite, tempFolder } from "../../../scripts/lib/stack.mjs";

/** @param {{databaseUrl: string, sql: any, deno: string, project: string, token: string}} options sql: its owner's connection */
export async function startPlatform(options) {
  const folder = tempFolder("platform");
  const platform = new Platform({ ...options, folder: folder.path });
  await new Promise((resolve) => void platform.server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return Object.assign(platform, {
    stop: async () => {
      platform.server.closeAllConnections();
      await new Promise((resolve) => platform.server.close(resolve));
      await platform.endFunction();
      await (await platform.lite)?.stop();
      folder.remove();
    },
  });
}

const QUEUE = "process-email-queue";

/** @typedef {{metadata: any, files: Record<string, string>}} Deployed */

class Platform {
  /** The secrets of the project's functions. @type {Map<string, string>} */
  secrets = new Map();
  /** Slug → what was uploaded last: files are texts by name. @type {Map<string, Deployed>} */
  functions = new Map();
  /** Path (its beginning) → status: the Management API refuses these. @type {Map<string, number>} */
  refused = new Map();
  /** Supabase Auth's settings; among them some that no command may touch. @type {Record<string, any>} */
  auth = { site_url: "https://app.example", hook_send_email_enabled: false, hook_send_email_uri: null, hook_send_email_secrets: null, rate_limit_email_sent: 30, mailer_otp_exp: 3600, smtp_pass: "the password of the mail server" };
  /** Called when Auth's settings have been changed, before the answer. @type {(() => Promise<void> | void) | null} */
  onPatch = null;
  /** Called with what the Management API is asked, before it is done. @type {((what: string) => Promise<void> | void) | null} */
  onAsk = null;
  /** What the Management API was asked. @type {string[]} */
  asked = [];
  /** True: as a project without a deployed function. */
  down = false;
  /** So many calls more PostgREST does not know the functions of the migrations. */
  stale = 0;
  #deployments = 0;
  /** @type {Promise<Awaited<ReturnType<typeof startLite>>> | undefined} */
  lite;
  /** By slug. @type {Map<string, Promise<Awaited<ReturnType<typeof startFunction>>>>} */
  #running = new Map();

  /** @param {{databaseUrl: string, sql: any, deno: string, project: string, token: string, folder: string}} options */
  constructor(options) {
    this.options = options;
    this.server = http.createServer((incoming, outgoing) => {
      this.#serve(incoming).then(
        ({ status, body }) => void outgoing.writeHead(status, { "content-type": "application/json" }).end(typeof body === "string" ? body : JSON.stringify(body)),
        (error) => void outgoing.writeHead(500).end(String(error)),
      );
    });
  }

  /** The queue's own, under its usual name. @returns {Deployed | null} */
  get deployed() {
    return this.functions.get(QUEUE) ?? null;
  }

  set deployed(one) {
    if (one) this.functions.set(QUEUE, one);
    else this.functions.delete(QUEUE);
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.server.address()).port}`;
  }

  /** Starts with the first call, when the migrations are there. */
  rest = () => this.lite ??= startLite({ driver: "postgres", databaseUrl: this.options.databaseUrl, migrate: false });

  /** @param {http.IncomingMessage} incoming @returns {Promise<{status: number, body: any}>} */
  async #serve(incoming) {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = incoming.url ?? "/";
    if (url.startsWith("/rest/v1/")) {
      const lite = await this.rest();
      // Supabase Lite reads the catalogue once; PostgREST again at each notification, which the migrations send.
      if (this.stale-- > 0 || incoming.headers.apikey === lite.secretKey && !await this.#has(url)) return { status: 404, body: { code: "PGRST202", message: "Could not find the function in the schema cache" } };
      return await pass(lite.url + url, incoming, body);
    }
    if (url.startsWith("/functions/v1/")) return await this.#function(url, incoming, body);
    if (url.startsWith("/v1/")) return await this.#manage(url, incoming, body);
    return { status: 404, body: { message: "no route matched" } };
  }

  /** @param {string} url @param {http.IncomingMessage} incoming @param {Buffer} body */
  async #manage(url, incoming, body) {
    const what = `${incoming.method} ${url.replace(/^\/v1\/projects\/[^/]+\//, "").replace(/\?.*/, "")}`;
    this.asked.push(what);
    await this.onAsk?.(what);
    if (incoming.headers.authorization !== `Bearer ${this.options.token}`) return { status: 401, body: { message: "Unauthorized" } };
    if (!url.startsWith(`/v1/projects/${this.options.project}`)) return { status: 404, body: { message: "Project not found" } };
    const refused = this.refused.get(what);
    if (refused) return { status: refused, body: { message: "the mock refuses" } };
    switch (what) {
      case "POST secrets":
        for (const { name, value } of JSON.parse(body.toString())) this.secrets.set(name, value);
        await this.endFunction();
        return { status: 201, body: {} };
      case "GET secrets":
        return { status: 200, body: [...this.secrets].map(([name, value]) => ({ name, value: createHash("sha256").update(value).digest("hex") })) };
      case "POST functions/deploy":
        return { status: 201, body: described(await this.#deploy(url, incoming.headers["content-type"] ?? "", body)) };
      case "GET functions":
        return { status: 200, body: [...this.functions].map(described) };
      case "POST database/query":
        return await this.#query(JSON.parse(body.toString()).query);
      case "GET config/auth":
        return { status: 200, body: this.auth };
      case "PATCH config/auth":
        Object.assign(this.auth, JSON.parse(body.toString()));
        await this.onPatch?.();
        return { status: 200, body: this.auth };
      case "GET postgrest":
        return { status: 200, body: { db_schema: "public", max_rows: 1000, db_extra_search_path: "" } };
      default: {
        const [, slug = ""] = /^GET functions\/([\w-]+)$/.exec(what) ?? [];
        const found = this.functions.get(slug);
        return found ? { status: 200, body: described([slug, found]) } : { status: 404, body: { message: "the mock has no such call, or no such function" } };
      }
    }
  }

  /** Whether the database has the function that is called. @param {string} url */
  async #has(url) {
    const [, name] = /^\/rest\/v1\/rpc\/(\w+)/.exec(url) ?? [];
    return name === undefined || (await this.options.sql`select to_regproc(${`public.${name}`}) is not null as there`)[0].there;
  }

  /** As the role postgres, any number of statements: the rows are the last one's. @param {string} query */
  async #query(query) {
    try {
      const rows = await this.options.sql.unsafe(query).simple();
      return { status: 201, body: Array.isArray(rows.at(-1)) ? rows.at(-1) : rows };
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      return { status: 400, body: { message: `Failed to run sql query: ERROR:  ${code}: ${message}\n` } };
    }
  }

  /** @param {string} url @param {string} contentType @param {Buffer} body @returns {Promise<[string, Deployed]>} */
  async #deploy(url, contentType, body) {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData();
    /** @type {Record<string, string>} */
    const files = {};
    for (const part of form.getAll("file")) {
      const file = /** @type {File} */ (part);
      files[file.name] = await file.text();
    }
    const metadata = form.get("metadata");
    const said = JSON.parse(typeof metadata === "string" ? metadata : await /** @type {File} */ (metadata).text());
    // Where nothing is said, Supabase checks.
    const slug = new URL(url, this.url).searchParams.get("slug") ?? said.name;
    this.functions.set(slug, { metadata: { verify_jwt: true, ...said }, files });
    this.down = false;
    await this.endFunction();
    return [slug, /** @type {Deployed} */ (this.functions.get(slug))];
  }

  async endFunction() {
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map(async (one) => await (await one).stop()));
  }

  /** Unpacks what was uploaded into an empty folder, and starts it there. @param {Deployed} deployed */
  async #startFunction({ metadata, files }) {
    const folder = path.join(this.options.folder, `deployment-${++this.#deployments}`);
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(folder, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    }
    const lite = await this.rest();
    return await startFunction({
      deno: this.options.deno,
      entry: path.join(folder, metadata.entrypoint_path),
      env: {
        PROCESS_EMAIL_QUEUE_SECRET: undefined,
        ...Object.fromEntries(this.secrets),
        // The platform sets these.
        SUPABASE_URL: this.url,
        SUPABASE_SECRET_KEYS: JSON.stringify({ default: lite.secretKey }),
      },
    });
  }

  /** @param {string} url @param {http.IncomingMessage} incoming @param {Buffer} body */
  async #function(url, incoming, body) {
    const [, slug = ""] = /^\/functions\/v1\/([\w-]+)/.exec(url) ?? [];
    const found = this.functions.get(slug);
    if (!found || this.down) return { status: 404, body: { code: "NOT_FOUND", message: "Requested function was not found" } };
    if (found.metadata.verify_jwt) return { status: 401, body: { code: "UNAUTHORIZED_NO_AUTH_HEADER", message: "Missing authorization header" } };
    const running = this.#running.get(slug) ?? this.#startFunction(found);
    this.#running.set(slug, running);
    return await pass(new URL((await running).url).origin + url.replace("/functions/v1", ""), incoming, body);
  }
}

/** As the Management API tells of it. @param {[string, Deployed]} one */
const described = ([slug, { metadata }]) => ({
  id: "00000000-0000-4000-8000-000000000001", slug, name: slug, status: "ACTIVE", version: 1, created_at: 1, updated_at: 1, verify_jwt: metadata.verify_jwt,
});

/** @param {string} url @param {http.IncomingMessage} incoming @param {Buffer} body */
async function pass(url, { method, headers }, body) {
  const { host: _host, connection: _connection, "content-length": _length, "transfer-encoding": _encoding, ...others } = headers;
  const response = await fetch(url, {
    method,
    headers: /** @type {Record<string, string>} */ (others),
    body: method === "GET" || method === "HEAD" || body.length === 0 ? undefined : new Uint8Array(body),
  });
  return { status: response.status, body: await response.text() };
}
