// email-queue suppressions: the queue's list (../operate/suppression.js), the provider's list into it, and it into the provider's. An import goes the way of the
// provider's own events, so that it can be repeated, and an address that an operator has removed since stays removed.
import { ProjectError, readProject, rpc } from "./deployed.js";
import { place } from "./doctor.js";
import { environment } from "./env.js";
import { Reading, timeOf } from "./reading.js";
import { CommandError } from "./terminal.js";
import { SHARED, SHARED_HELP } from "../operate/desk.js";
import { PROVIDER } from "../provider.js";

const { fullKey, key: usualKey } = PROVIDER.variables;

export const help = `Usage: email-queue suppressions list [address] [options]
       email-queue suppressions add|remove <address> [options]
       email-queue suppressions import|export [options]

list     shows the addresses that get no mail, newest first
add      an address gets no mail any more: none at all, or none of a topic
remove   it gets mail again. An unsubscribe is removed only by --reason unsubscribe
import   takes the addresses of ${PROVIDER.name}'s suppression list into the queue's
export   puts bounces, complaints and manual entries for all mail on ${PROVIDER.name}'s list, which counts for all domains of the team. Entries
         of a topic and unsubscribes stay here: mail of other kinds still goes to these addresses

import and export need a key of ${PROVIDER.name}'s with full access: ${fullKey}, in the environment for this command alone, or else ${usualKey}.
Both can be repeated, and go on where they were interrupted; --json prints {"found": …, "new": …}.

  --reason <reason>  bounce, complaint, unsubscribe or manual
  --topic <topic>
  --note <text>      of add: shown with the entry
  --hash-only        of add: the list keeps no address, for a person who wants to be forgotten
  --limit <n>        of list: at most so many; by default 20
  --before <id>      of list: goes on from there: the end of a page shows the command
  --dry-run          changes nothing; import and export say how many there are
  --yes              does it without asking
${SHARED_HELP}
`;

export const positionals = 3;
const TEXT = /** @type {const} */ ({ type: "string" });
/** @type {import("./main.js").Command["options"]} */
export const options = { ...SHARED, reason: TEXT, topic: TEXT, note: TEXT, "hash-only": { type: "boolean" }, limit: TEXT, before: TEXT };

/** Of a batch, and of one call of the database. */
const MOST = 100;
const PAGE = 1000;

/** @param {import("./main.js").Context} context */
export async function run(context) {
  const { values, positionals: [way, ...more], terminal, cwd, env: given } = context;
  if (way === "list" || way === "add" || way === "remove") return await (await import("../operate/suppression.js")).run(context);
  if (way !== "import" && way !== "export" || more.length > 0) throw new CommandError("list, add, remove, import or export?", "email-queue suppressions --help", 2);
  try {
    const env = environment(place(cwd, values).root, values.url === undefined ? given : { ...given, SUPABASE_URL: values.url });
    const project = readProject(env);
    const key = env[fullKey] ?? env[usualKey];
    if (!key) throw new CommandError(`${fullKey} is not set`, `Make a key with full access at ${PROVIDER.keys}, and set the variable for this command alone`);
    const list = new Reading(project.providerUrl, key, { command: "suppressions" });
    const theirs = [];
    for await (const page of list.pages("/suppressions")) theirs.push(...page);
    const done = way === "import" ? await take({ project, theirs, terminal }) : await give({ project, theirs, list, terminal });
    if (terminal.json) terminal.print(JSON.stringify(done));
  } catch (error) {
    if (error instanceof ProjectError) throw new CommandError(error.message, error.remedy);
    throw error;
  }
}

/** @param {{project: ReturnType<typeof readProject>, theirs: any[], terminal: import("./terminal.js").Terminal}} work */
async function take({ project, theirs, terminal }) {
  const done = { found: theirs.length, new: 0 };
  terminal.say(`${theirs.length} addresses are on ${PROVIDER.name}'s list`);
  if (terminal.dry || theirs.length === 0 || !await terminal.confirm("Suppress them in this queue?")) return done;
  for (let at = 0; at < theirs.length; at += MOST) {
    const events = theirs.slice(at, at + MOST).map(({ id, email, origin, created_at }) =>
      ({ id: `import_${id}`, type: "suppression.added", occurred_at: timeOf(created_at), recipients: [String(email).trim().toLowerCase()], detail: { reason: origin } }));
    const { results } = await rpc(project, "email_queue_record_events", { p_events: events });
    const wrong = results.find((/** @type {any} */ { result }) => result === "invalid");
    if (wrong) throw new CommandError(`${PROVIDER.name}'s entry ${wrong.id.slice("import_".length)} cannot be recorded: ${wrong.reason}`, `remove it there: ${PROVIDER.name}'s dashboard lists it`);
    done.new += results.filter((/** @type {any} */ { result }) => result === "recorded").length;
    terminal.say(`${Math.min(at + MOST, theirs.length)} of ${theirs.length} done`);
  }
  terminal.say(`${done.new} are new`);
  return done;
}

/** @param {{project: ReturnType<typeof readProject>, theirs: any[], list: Reading, terminal: import("./terminal.js").Terminal}} work */
async function give({ project, theirs, list, terminal }) {
  const known = new Set(theirs.map(({ email }) => String(email).toLowerCase()));
  /** @type {Set<string>} */
  const ours = new Set();
  for (let after = null; ;) {
    const page = await rpc(project, "email_queue_suppressions", { p_filter: {}, p_after: after, p_limit: PAGE });
    for (const { address, reason, topic } of page) if (address && topic === null && reason !== "unsubscribe") ours.add(address);
    if (page.length < PAGE) break;
    after = page.at(-1).id;
  }
  const missing = [...ours].filter((address) => !known.has(address)).sort();
  const done = { found: ours.size, new: 0 };
  terminal.say(`${missing.length} of ${ours.size} addresses are not on ${PROVIDER.name}'s list`);
  if (terminal.dry || missing.length === 0 || !await terminal.confirm(`Put them on ${PROVIDER.name}'s list, for all domains of the team?`)) return done;
  for (let at = 0; at < missing.length; at += MOST) {
    const emails = missing.slice(at, at + MOST);
    await list.ask("/suppressions/batch/add", { method: "POST", body: JSON.stringify({ emails }) });
    done.new += emails.length;
    terminal.say(`${done.new} of ${missing.length} done`);
  }
  return done;
}
