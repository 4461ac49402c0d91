// Which migrations a push would apply: the queue's and the user's own, apart.
import { compareVersions } from "./package.js";
import { migrationVersion } from "./parts.js";
import { CommandError } from "./terminal.js";

/** The name of the migration that removes the queue. */
export const UNINSTALL = "email_queue_uninstall";

/** Named as the command names them. Squashed ones are the user's. @param {{name: string}} migration */
const isOurs = ({ name }) => name === UNINSTALL || migrationVersion(name) !== undefined;

/**
 * The migrations of the history that brought the queue that is there now: not those before a migration that removed it.
 * @template {{name: string}} Migration @param {Migration[]} history in the order of the versions @returns {Migration[]}
 */
export const broughtBy = (history) => history.slice(history.findLastIndex(({ name }) => name === UNINSTALL) + 1).filter(({ name }) => migrationVersion(name) !== undefined);

/** A schema that a repository's migrations brought is changed by these, or the next branch or reset has another one. @param {import("./remote.js").Remote} remote */
export function refusePushed({ history }) {
  const pushed = broughtBy(history);
  if (pushed.length === 0) return;
  throw new CommandError(`the database has the queue from a repository's migration: ${pushed.map(({ version, name }) => `${version}_${name}.sql`).join(", ")}. Nothing was changed`,
    "deploy from that repository, without --direct");
}

/**
 * Migrations of ours whose schema the database has although its history does not know them: the queue was installed without a repository.
 * @template {{version: string, name: string}} Migration
 * @param {Migration[]} local @param {{history: {version: string, name: string}[], installed: string | null} | undefined} remote @returns {Migration[]}
 */
export function unmarked(local, remote) {
  if (!remote?.installed || broughtBy(remote.history).length > 0) return [];
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
