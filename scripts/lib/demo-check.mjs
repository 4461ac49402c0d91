// Whether the totals of scripts/demo are right.

/** What a burst of 250 may cost: three requests to the provider and what claims and settles them, and a little room. */
const BURST_LIMITS = { providerRequests: 4, databaseRequests: 6 };

/**
 * @param {object} options
 * @param {import("./local.mjs").Demo} options.local
 * @param {string[]} options.ids all that was enqueued
 * @param {import("./demo-mails.mjs").Mail[]} options.mails the ones with an expected end
 * @param {{messages: number, providerRequests: number, databaseRequests: number}} options.burst
 * @returns {Promise<{accepted: number, failed: number, problems: string[]}>}
 */
export async function check({ local: { queue, sandbox, QueueMessageStatus }, ids, mails, burst }) {
  /** @type {string[]} */
  const problems = [];
  const expect = (/** @type {boolean} */ holds, /** @type {string} */ otherwise) => void (holds || problems.push(otherwise));

  const [completed, failed] = await Promise.all([QueueMessageStatus.COMPLETED, QueueMessageStatus.FAILED].map(async (status) => {
    const messages = await queue.getMessagesByStatus(status, { limit: 1000 });
    return new Set(messages.map((/** @type {{id: string}} */ { id }) => id));
  }));
  const accepted = ids.filter((id) => completed.has(id)).length;
  const notAccepted = ids.filter((id) => failed.has(id)).length;
  expect(accepted + notAccepted === ids.length, `${ids.length - accepted - notAccepted} e-mails are neither accepted nor failed`);
  const shouldFail = mails.filter(({ expected }) => expected === "failed").length;
  expect(notAccepted === shouldFail, `${notAccepted} failed, not ${shouldFail}`);
  expect(completed.size + failed.size === ids.length, `the queue has ${completed.size + failed.size} e-mails, not ${ids.length}`);
  for (const { id, name, expected, attempts } of mails) {
    const message = await queue.getMessage(id);
    expect(message?.status === expected, `${name} is ${message?.status}, not ${expected}`);
    expect(!(message?.completedAt < message?.runAt), `${name} was over before its time`);
    if (sandbox) expect(message?.attempts === attempts, `${name} took ${message?.attempts} attempts, not ${attempts}`);
  }
  for (const name of /** @type {const} */ (["providerRequests", "databaseRequests"])) {
    expect(burst[name] <= BURST_LIMITS[name], `the burst took ${burst[name]} ${name}, more than ${BURST_LIMITS[name]}`);
  }
  if (sandbox) {
    const { accepted: total, duplicates, acceptedByMessage } = sandbox.state();
    expect(duplicates === 0, `the provider accepted ${duplicates} e-mails more than once`);
    expect(total === accepted, `the provider accepted ${total}, the database has ${accepted} as completed`);
    const once = ids.filter((id) => (acceptedByMessage[id] ?? 0) === (completed.has(id) ? 1 : 0)).length;
    expect(once === ids.length, `database and provider disagree about ${ids.length - once} e-mails`);
  }
  return { accepted, failed: notAccepted, problems };
}
