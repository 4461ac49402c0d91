// email-queue discard: what has failed is deleted.
import { deadLetters, FILTER_HELP } from "./dead-letters.js";
import { SHARED_HELP } from "./desk.js";

export { options, positionals } from "./dead-letters.js";

export const help = `Usage: email-queue discard <id> … [options]
       email-queue discard <filter> [--yes]

Deletes failed messages for good.

${FILTER_HELP}
${SHARED_HELP}
`;

/** @param {import("../command/main.js").Context} context */
export const run = (context) => deadLetters(context, { name: "discard", past: "discarded", rpc: "email_queue_discard" });
