// Which migrations a push would apply: the queue's and the user's own, apart.
import { compareVersions } from "./package.js";
import { migrationVersion } from "./parts.js";
import { CommandError } from "./terminal.js";

/** Named as the command names them. Squashed ones are the user's. @param {{name: string}} migration */
const isOurs = ({ name }) => name === "email_queue_uninstall" || migrationVersion(name) !== undefined;

/**
 * Migrations of ours whose schema the database has although its history does not know them: the queue was installed without a repository.
 * @template {{version: string, name: string}} Migration
 * @param {Migration[]} local @param {{history: {version: string, name: string}[], installed: string | null} | undefined} remote @returns {Migration[]}
 */
export function unmarked(local, remote) {
  if (!remote?.installed || remote.history.some(isOurs)) return [];
  const { installed, history } = remote;
  return local.filter((one) => {
    const to = migrationVersion(one.name);
    return to !== undefined && compareVersions(to, installed) <= 0 && !history.some(({ version }) => version === one.version);
  });
}

/**
 * @template {{version: string, name: string, file: string}} Migration
 * @param {Migration[]} local @param {{version: string, name: string}[]} history what was applied
 * @returns {{ours: Migration[], yours: Migration[]}} @throws {CommandError} where the database has others, which no push accepts
 */
export function pendingOf(local, history) {
  const known = new Set(local.map(({ version }) => version));
  const unknown = history.filter(({ version }) => !known.has(version));
  if (unknown.length > 0) {
    throw new CommandError(`the database has migrations that are not in this folder: ${unknown.map(({ version, name }) => name ? `${version}_${name}` : version).join(", ")}. Nothing was changed`,
      "take them from the branch that has them (git pull, git merge), then repeat the command. Do not run supabase migration repair --status reverted: the next push would run them again");
  }
  const applied = new Set(history.map(({ version }) => version));
  const pending = local.filter(({ version }) => !applied.has(version));
  return { ours: pending.filter(isOurs), yours: pending.filter((one) => !isOurs(one)) };
}
