// email-queue reconcile: what the provider says of requests whose answers were lost, and of events that did not arrive. It is read with a
// key for this command alone. What is found is recorded as the provider's own reports are; what is not there is ended by the database.
import { ProjectError, readProject } from "./deployed.js";
import { place } from "./doctor.js";
import { environment } from "./env.js";
import { Reading } from "./reading.js";
import { LocalDoor } from "./reconcile-door.js";
import { reconcile, REQUESTS } from "./reconcile-steps.js";
import { CommandError } from "./terminal.js";
import { PROVIDER } from "../provider.js";

const { fullKey: KEY } = PROVIDER.variables;

export const help = `Usage: email-queue reconcile [options]

Asks ${PROVIDER.name} about messages that failed as unknown_outcome, and for events that did not arrive here. Without --yes it only says
what it would do.

- Events that ${PROVIDER.name} could not deliver are read and recorded.
- A message whose e-mail ${PROVIDER.name} has is completed. E-mails are known by the tag that each one carries.
- A message that ${PROVIDER.name} does not have becomes not_accepted, and can be redriven safely. For that its request can arrive no more (23
  hours after its first attempt), and ${PROVIDER.name}'s list has to reach back to before it.

It reads .env: SUPABASE_URL, SUPABASE_SECRET_KEY. It needs a key of ${PROVIDER.name}'s with full access: ${KEY}, in the environment for this
command alone. It leaves the larger share of the account's rate to the queue, and can be repeated: it goes on where it was interrupted.

  --yes           does it
  --since <time>  all events since then that are not recorded, also those that were delivered, as after a restore of the database; by
                  default those that were not delivered
  --limit <n>     at most so many requests to ${PROVIDER.name}; by default ${REQUESTS}
  --json          {"dry_run", "complete", "events": {missing, recorded}, "unknown", "accepted", "not_accepted", "left", "requests", "since"}
  --events-function-name <name>
                  the function's name, if it is another than in this project
  --workdir

Ends with 1 if the limit was reached before the end.
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { since: { type: "string" }, limit: { type: "string" }, "events-function-name": { type: "string" } };

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal, cwd, env: given }) {
  const since = values.since === undefined ? null : timeFrom(values.since);
  const most = Number(values.limit ?? REQUESTS);
  if (!Number.isInteger(most) || most < 1) throw new CommandError("--limit must be a whole number from 1 on", undefined, 2);
  try {
    const { root, name, events } = place(cwd, values);
    const env = environment(root, given);
    const project = readProject(env, name, values["events-function-name"] ?? events);
    if (!project.fullKey) throw new CommandError(`${KEY} is not set`, `Make a key with full access at ${PROVIDER.keys}, and set the variable for this command alone`);
    const reading = new Reading(project.providerUrl, project.fullKey, { command: "reconcile", most });
    reading.onProgress = progress((text) => terminal.say(text));
    const door = values.yes && !values["dry-run"] ? await LocalDoor.open(env) : null;
    const done = await reconcile({ project, reading, door, since, say: (text) => terminal.say(text) });
    if (!done.complete) terminal.say(`${most} requests were not enough: what was found is kept. Repeat it, with a higher --limit if it comes no further`);
    if (done.since) terminal.say(`events are read up to ${done.since}: --since ${done.since} goes on from there`);
    if (!door) terminal.say("Nothing was changed: --yes does it");
    if (terminal.json) terminal.print(JSON.stringify(done));
    return done.complete ? 0 : 1;
  } catch (error) {
    if (error instanceof ProjectError) throw new CommandError(error.message, error.remedy);
    throw error;
  }
}

/** @param {string} text */
function timeFrom(text) {
  const time = new Date(text);
  const day = text.slice(0, 10);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(day) && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
  if (!isDay || Number.isNaN(time.getTime())) throw new CommandError("--since must be a time, as in 2026-01-31T12:00:00Z", undefined, 2);
  if (time.getTime() > Date.now()) throw new CommandError("--since must not be in the future", undefined, 2);
  return time.toISOString();
}

/** Says every two seconds how far it is. @param {(text: string) => void} say */
function progress(say) {
  let last = Date.now();
  return (/** @type {number} */ asked) => {
    if (Date.now() - last < 2000) return;
    last = Date.now();
    say(`${asked} requests to ${PROVIDER.name} so far`);
  };
}
