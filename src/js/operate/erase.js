// email-queue erase: what a message said, and to whom, is forgotten.
import { SHARED_HELP } from "./desk.js";
import { oneByOne } from "./one-by-one.js";

export { options, positionals } from "./one-by-one.js";

export const help = `Usage: email-queue erase <id> … [options]

Erases the payload, the recipients and the metadata of messages that have ended, and the addresses of their events, for good.

  --yes            does it without asking, on a hosted project
${SHARED_HELP}

Ends with 1 if one was not erased.
`;

/** @param {import("../command/main.js").Context} context */
export const run = (context) => oneByOne(context, { name: "erase", rpc: "email_queue_erase", done: "erased" });
