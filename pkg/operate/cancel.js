// email-queue cancel: a message that waits is not sent.
import { SHARED_HELP } from "./desk.js";
import { oneByOne } from "./one-by-one.js";

export { options, positionals } from "./one-by-one.js";

export const help = `Usage: email-queue cancel <id> … [options]

Cancels messages that wait. One that a worker has, or that may have been sent, is left as it is, and the answer says why.

  --yes            does it without asking, on a hosted project
${SHARED_HELP}

Ends with 1 if one was not cancelled.
`;

/** @param {import("../command/main.js").Context} context */
export const run = (context) => oneByOne(context, { name: "cancel", rpc: "email_queue_cancel", done: "cancelled" });
