// email-queue redrive: what has failed is sent again.
import { deadLetters, FILTER_HELP, options as shared } from "./dead-letters.js";
import { SHARED_HELP } from "./desk.js";

export { positionals } from "./dead-letters.js";

export const help = `Usage: email-queue redrive <id> … [options]
       email-queue redrive <filter> [--yes]

Sends failed messages again, with new attempts and a new key. What may have been sent is refused, unless --allow-duplicates.

${FILTER_HELP}
  --from <sender>    gives the e-mails another sender
  --allow-duplicates sends also what may have been sent already
${SHARED_HELP}

Ends with 1 if one was refused.
`;

/** @type {import("../command/main.js").Command["options"]} */
export const options = { ...shared, from: { type: "string" }, "allow-duplicates": { type: "boolean" } };

/** @param {import("../command/main.js").Context} context */
export const run = (context) => deadLetters(context, {
  name: "redrive", past: "redriven", rpc: "email_queue_redrive",
  args: { p_allow_duplicates: context.values["allow-duplicates"] === true, p_from: context.values.from ?? null },
});
