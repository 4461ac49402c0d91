// email-queue sql: the schema, for another migration tool.
import { openPackage } from "./package.js";

export const help = `Usage: email-queue sql [--from <version>] [--uninstall]

Prints the SQL that installs the queue, or that upgrades it from a version, or that removes it. Run each file in one transaction, as the
role that owns the schema (postgres).
`;

/** @type {import("./main.js").Command["options"]} */
export const options = { from: { type: "string" }, uninstall: { type: "boolean" }, force: { type: "boolean" } };

/** @param {import("./main.js").Context} context */
export async function run({ values, terminal }) {
  const pack = openPackage();
  if (values.uninstall) return terminal.print(pack.uninstall(values.force));
  const files = pack.sqlFrom(values.from ?? null);
  if (files.length === 0) return terminal.say(`Nothing to do: ${values.from} is this package's version.`);
  terminal.print(files.map(({ text }) => text).join("\n"));
}
