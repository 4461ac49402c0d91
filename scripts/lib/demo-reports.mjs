// The last part of scripts/demo: what the provider reports of mails that it has accepted, and what follows from it.
import { addFaults, mail } from "./demo-mails.mjs";
import { counted } from "./screen.mjs";
import { sleep } from "./stack.mjs";
import { PROVIDER } from "../../src/js/provider.js";

/** How long the reports may take. */
const REPORTED_MS = 60_000;

/** Longer than the reports take: nothing is repeated before they are there. */
const RETRY_MS = 30_000;

const LOST = "customer+lost@demo.example";

const fault = { action: "garbage", garbage: "cut", match: { recipient: LOST }, times: 1 };

/** The test address whose mailbox does not exist. */
const NOBODY = `bounced+demo@${PROVIDER.testDomain}`;

/**
 * @param {import("./local.mjs").Demo} local
 * @param {ReturnType<typeof import("./screen.mjs").createScreen>} screen
 * @param {(tell?: () => Promise<void>) => Promise<any>} drain
 * @returns {Promise<{mails: import("./demo-mails.mjs").Mail[], delivered: number, bounced: number, suppressed: number, byEvidence: number, problems: string[]}>}
 */
export async function showReports(local, screen, drain) {
  const { queue, lite, sandbox, fn, QueueMessageStatus: { COMPLETED } } = local;
  if (!sandbox) throw new Error("the real API reports to an address in the internet");
  screen.title("What happens to e-mails that were accepted: the provider reports it");
  // Those of the e-mails before come first.
  await until(() => sandbox.state().events.open === 0, "the sandbox has reports that were not taken");
  await lite.rpc("email_queue_configure", { p_settings: { retry_base_ms: RETRY_MS, retry_cap_ms: RETRY_MS } });
  await addFaults(sandbox.url, [fault]);
  const enqueue = async (/** @type {import("./demo-mails.mjs").Mail} */ one) => {
    one.id = (await queue.enqueue(one.message())).id;
    screen.line("info", one.name, one.about);
    return one;
  };
  const state = async (/** @type {import("./demo-mails.mjs").Mail} */ one) => (await queue.getMessage(one.id)).delivery?.state;

  const arrives = await enqueue(mail("arrives", "an ordinary one", {}, { to: `delivered+demo@${PROVIDER.testDomain}` }));
  const bounces = await enqueue(mail("bounces", "to a mailbox that does not exist", {}, { to: NOBODY, from: "Demo <a@bounces.demo.example>" }));
  const lost = await enqueue(mail("lost", "the provider will accept it, and its answer will not arrive", {}, { to: LOST, from: "Demo <a@lost.demo.example>" }));
  await fn.invoke();
  await until(async () => await state(arrives) === "delivered" && await state(bounces) === "bounced" && await state(lost) !== undefined, "the reports did not come");
  screen.line("ok", arrives.name, "delivered");
  screen.line("ok", bounces.name, "bounced: its address gets no more mail");
  const again = await enqueue(mail("again", "another one to the address that bounced", { expected: "failed", attempts: 0 }, { to: NOBODY }));
  await drain();

  const [settled, refused] = await Promise.all([lost, again].map(({ id }) => queue.getMessage(id)));
  const byEvidence = settled.status === COMPLETED && settled.attempts === 1 ? 1 : 0;
  const suppressed = refused.error?.reason === "suppressed" ? 1 : 0;
  screen.line(byEvidence ? "ok" : "bad", lost.name, `${settled.status}: a report shows that it was accepted, so the request is not repeated`, counted(settled.attempts, "attempt"));
  screen.line(suppressed ? "ok" : "bad", again.name, `${refused.error?.reason ?? refused.status}: it was not sent`, counted(refused.attempts, "attempt"));
  await until(() => sandbox.state().events.open === 0, "the sandbox has reports that were not taken");
  const count = async (/** @type {string} */ delivery) => (await queue.getMessagesByStatus(COMPLETED, { limit: 1000, delivery })).length;
  return {
    mails: [arrives, bounces, lost, again],
    delivered: await count("delivered"),
    bounced: await count("bounced"),
    suppressed,
    byEvidence,
    problems: [...(byEvidence ? [] : ["the e-mail whose answer was lost was not settled by its report"]), ...(suppressed ? [] : ["the address that bounced was sent to again"])],
  };
}

/** @param {() => boolean | Promise<boolean>} holds @param {string} otherwise */
async function until(holds, otherwise) {
  const end = performance.now() + REPORTED_MS;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`${otherwise} within ${REPORTED_MS / 1000} s`);
    await sleep(50);
  }
}
