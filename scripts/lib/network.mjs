// The worker of pg_net, for the stand-in's tables: sends each request after its commit, and stores the answer.
import { connect } from "./stack.mjs";

/**
 * stall: it takes nothing more, until restart() or net.worker_restart(). It is awaited until what was taken has its answer in the table.
 * @param {string} databaseUrl @param {(url: string) => string} [route] where a request really goes
 * @returns {Promise<{stop: () => Promise<void>, stall: () => Promise<void>, restart: () => void}>}
 */
export async function startNetwork(databaseUrl, route = (url) => url) {
  // See startPatient: the database may crash.
  const sql = await connect(databaseUrl, { max: 4, fetch_types: false });
  let stopped = false;
  let stalled = false;
  /** What is being taken and sent. @type {Set<Promise<void>>} */
  const underWay = new Set();
  const restart = () => {
    stalled = false;
    sendAll();
  };
  const listening = await sql.listen("net_request", sendAll);
  const restarting = await sql.listen("net_restart", restart);
  sendAll();
  // A crash of the database ends the listening for good, if its first sessions are refused.
  const looking = setInterval(sendAll, 250);
  return {
    restart,
    stall: async () => {
      stalled = true;
      while (underWay.size > 0) await Promise.all(underWay);
    },
    stop: async () => {
      stopped = true;
      clearInterval(looking);
      await listening.unlisten();
      await restarting.unlisten();
      await sql.end({ timeout: 1 });
    },
  };

  function sendAll() {
    if (!stopped && !stalled) track(take());
  }

  /** @param {Promise<void>} work */
  function track(work) {
    const tracked = work.catch((error) => stopped || console.error("network:", error.message)).then(() => void underWay.delete(tracked));
    underWay.add(tracked);
  }

  async function take() {
    for (const request of await sql`delete from net.http_request_queue returning *`.catch(() => [])) track(send(request));
  }

  /** @param {any} request */
  async function send(request) {
    const answer = await fetch(route(request.url), {
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal: AbortSignal.timeout(request.timeout_milliseconds),
    }).then(
      async (response) => ({ status: response.status, content: await response.text(), timedOut: false, error: null }),
      (error) => ({ status: null, content: null, timedOut: error.name === "TimeoutError", error: String(error.cause?.code ?? error.message) }),
    );
    if (stopped) return;
    await sql`insert into net._http_response (id, status_code, content, timed_out, error_msg)
      values (${request.id}, ${answer.status}, ${answer.content}, ${answer.timedOut}, ${answer.error})`;
  }
}
