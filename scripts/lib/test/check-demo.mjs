// Runs scripts/demo --json, and says of each rule for its totals whether it holds.
import { spawnSync } from "node:child_process";
import process from "node:process";

const [program = "", ...args] = process.argv.slice(2);
const run = spawnSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
console.log(run.stdout);
check("scripts/demo ended with 0", run.status === 0);
if (run.status === 0) {
  const said = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "{}");
  const { auth, accepted, failed, enqueued, delivered, bounced, suppressed, byEvidence, burst, providerRequests, databaseRequests } = said;
  check(`${accepted} accepted + ${failed} failed = ${enqueued} enqueued`, accepted + failed === enqueued);
  check(`${auth} mails of Supabase Auth: seven`, auth === 7);
  check(`${failed} failed: two`, failed === 2);
  for (const [name, count] of Object.entries({ delivered, bounced, suppressed, byEvidence })) check(`${count} ${name}: at least one`, count >= 1);
  check(`a burst of ${burst.messages}: 250`, burst.messages === 250);
  check(`${burst.providerRequests} provider requests for the burst: 1 to 4`, burst.providerRequests >= 1 && burst.providerRequests <= 4);
  check(`${burst.databaseRequests} database requests for the burst: 1 to 6`, burst.databaseRequests >= 1 && burst.databaseRequests <= 6);
  check("the requests of the burst are among all", providerRequests >= burst.providerRequests && databaseRequests >= burst.databaseRequests);
}

/** @param {string} rule @param {boolean} holds */
function check(rule, holds) {
  console.log(`${holds ? "ok" : "error"}: ${rule}`);
  if (!holds) process.exitCode = 1;
}
