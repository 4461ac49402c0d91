// Shows a plan, asks, and carries it out.
import { actionOf, LEFT, apply, describe, pathOf } from "./files.js";
import { uncommitted } from "./project.js";
import { CommandError } from "./terminal.js";

/**
 * @param {object} plan
 * @param {import("./terminal.js").Terminal} plan.terminal @param {import("./project.js").Project} plan.project
 * @param {string} plan.title @param {import("./files.js").Change[]} plan.changes @param {string[]} plan.notes
 * @param {string[]} [plan.also] what is done beside files, a line each
 * @param {(() => Promise<unknown>) | undefined} [plan.act] does that; where it fails, the files are taken back
 * @param {string} plan.nothing what is so where there is nothing to do @param {string} plan.next
 */
export async function carryOut({ terminal, project, title, changes, notes, also = [], act, nothing, next }) {
  const report = (/** @type {boolean} */ done) => {
    if (terminal.json) terminal.print(JSON.stringify({ done, changes: changes.map((one) => ({ action: actionOf(one), file: pathOf(one, project.root) })), also, notes }, null, 2));
  };
  if (changes.length === 0 && also.length === 0) {
    for (const note of notes) terminal.say(note);
    terminal.say(`Nothing to do: ${nothing}.`);
    return report(true);
  }
  const dirty = uncommitted(project.root);
  if (dirty) terminal.say(`Note: git has ${dirty} uncommitted ${dirty === 1 ? "change" : "changes"} here.`);
  terminal.say(`${title}, in ${project.root}:`);
  for (const line of [...describe(changes, project.root), ...also.map((what) => `  ${what}`)]) terminal.say(line);
  for (const note of notes) terminal.say(`\n${note}`);
  if (terminal.dry) {
    terminal.say("\nNothing was changed (--dry-run).");
    return report(false);
  }
  if (!await terminal.confirm("Do it?")) throw new CommandError("Nothing was changed");
  const undo = apply(changes);
  try {
    await act?.();
  } catch (error) {
    if (undo()) terminal.say(`Note: ${LEFT}.`);
    throw error;
  }
  terminal.say(`\nDone. ${next}`);
  report(true);
}
