// Puts known mistakes of other queues into a copy of the project, one after the other, and runs the part of the fault
// enumeration, or the chaos, that must find each. Takes a quarter of an hour; not part of ./scripts/test.
//   node tests/faults/mutants.mjs [--only TEXT]
//   node tests/faults/mutants.mjs --check     only whether each can still be put in: part of `scripts/test faults`
// Prints `ok: …` for a mistake that was found, with the number of cases that failed, and `error: …` for one that was not.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { argumentError, readOptions } from "../../scripts/lib/screen.mjs";
import { ROOT } from "../../scripts/lib/stack.mjs";

/**
 * @typedef {object} Mutant
 * @property {string} mistake @property {string} file @property {string} from @property {string} to
 * @property {string} [cases] what must find it: `--only` of main.mjs
 * @property {string[]} [chaos] or the chaos that must find it
 */

const CANCEL = "if not found then\n    return jsonb_build_object('id', p_id) || email_queue_private.not_waiting(p_id);";

/** @type {Mutant[]} */
const MUTANTS = [
  {
    mistake: "attempts are not counted at begin",
    file: "supabase/schemas/45_begin/begin_dispatch.sql",
    from: "set begun = true, attempt = d.attempt + 1,",
    to: "set begun = true, attempt = d.attempt,",
    cases: "single",
  },
  {
    mistake: "settle asks for no token",
    file: "supabase/schemas/50_settle/settle_dispatch.sql",
    from: "if v_dispatch.token is null or v_dispatch.token is distinct from v_token or v_dispatch.visible_at <= clock_timestamp() then",
    to: "if v_dispatch.token is null then",
    cases: "overtaken",
  },
  {
    mistake: "begin asks for no token",
    file: "supabase/schemas/45_begin/begin_dispatch.sql",
    from: "v_dispatch.token is distinct from (p_begin ->> 'token')::uuid or v_dispatch.visible_at <= v_now then",
    to: "false then",
    cases: "overtaken",
  },
  {
    mistake: "a lease that ran out after begin gives its messages back under a new key",
    file: "supabase/schemas/33_sweep/recover_dispatch.sql",
    from: "frozen = d.frozen or d.begun and d.horizon_at is not null,",
    to: "frozen = d.frozen,",
    cases: "killed",
  },
  {
    mistake: "a cancelled member leaves its frozen batch",
    file: "supabase/schemas/77_cancel/email_queue_cancel.sql",
    from: CANCEL,
    to: `if not found then
    update email_queue_private.dispatch as d
    set message_ids = array_remove(d.message_ids, p_id), member_attempts = d.member_attempts[2:]
    where d.frozen and p_id = any (d.message_ids);
    if found then
      update email_queue_private.message set status = 'cancelled', reason = 'cancelled', completed_at = now() where id = p_id;
      return jsonb_build_object('id', p_id, 'result', 'cancelled');
    end if;
    ${CANCEL.slice("if not found then".length).trim()}`,
    cases: "a frozen batch",
  },
  {
    mistake: "a new key for each attempt",
    file: "src/worker/state/mod.rs",
    from: 'key: format!("email-queue/{id}"),',
    to: 'key: format!("email-queue/{id}/{attempt}"),',
    cases: "batch, replay after acceptance",
  },
  {
    mistake: "no idempotency key",
    file: "src/provider/resend/mod.rs",
    from: '("Idempotency-Key", key.to_owned()),',
    to: '("X-Key", key.to_owned()),',
    cases: "single, first attempt",
  },
  {
    mistake: "a 401 or 403 on a replay is taken as definite",
    file: "src/provider/classify.rs",
    from: "_ if context.possibly_sent => Outcome::Unknown {",
    to: "_ if context.possibly_sent && meaning.scope().is_none() => Outcome::Unknown {",
    cases: "answers to a",
  },
  {
    mistake: "a 5xx is taken as a refusal",
    file: "src/provider/resend/answers.rs",
    from: "(400..=499, _)                                          => Unlisted,",
    to: "(400..=599, _)                                          => Unlisted,",
    cases: "batch, first attempt",
  },
  {
    mistake: "the sweep takes no notice of what was reported",
    file: "supabase/schemas/33_sweep/sweep_now.sql",
    from: "where v_evident is not null and",
    to: "where false and",
    cases: "the answer lost: late",
  },
  {
    mistake: "one member that was reported stands for its batch",
    file: "supabase/schemas/30_members/complete_evident.sql",
    from: "where not exists (select 1 from email_queue_private.evidence_of(u.id, coalesce(p_dispatch.mark, ''))))",
    to: "having not bool_or(exists (select 1 from email_queue_private.evidence_of(u.id, coalesce(p_dispatch.mark, '')))))",
    cases: "of all members but one",
  },
  {
    mistake: "another installation's events are taken for ours",
    file: "supabase/schemas/72_events/is_ours.sql",
    from: "coalesce(p_mark = p_current_mark, false)",
    to: "p_mark is not null",
    cases: "another installation",
  },
  {
    mistake: "chaos: another installation's events are taken for ours",
    file: "supabase/schemas/72_events/is_ours.sql",
    from: "coalesce(p_mark = p_current_mark, false)",
    to: "p_mark is not null",
    chaos: ["tests/chaos/main.mjs", "--seed", "1"],
  },
  {
    mistake: "chaos: a lease that ran out after begin gives its messages back under a new key",
    file: "supabase/schemas/33_sweep/recover_dispatch.sql",
    from: "frozen = d.frozen or d.begun and d.horizon_at is not null,",
    to: "frozen = d.frozen,",
    chaos: ["tests/chaos/main.mjs", "--seed", "1"],
  },
  {
    mistake: "chaos: a new key for each attempt",
    file: "src/worker/state/mod.rs",
    from: 'key: format!("email-queue/{id}"),',
    to: 'key: format!("email-queue/{id}/{attempt}"),',
    chaos: ["tests/chaos/main.mjs", "--seed", "1"],
  },
  {
    mistake: "rate: the provider's limit is spread over exactly its second",
    file: "supabase/schemas/45_begin/request_rate.sql",
    from: " / ({{RATE_WINDOW_MS}} / 1000.0)",
    to: " * ({{RATE_WINDOW_MS}} / {{RATE_WINDOW_MS}})",
    chaos: ["tests/chaos/rate.mjs"],
  },
];

const values = readOptions({ options: { only: { type: "string", default: "" }, check: { type: "boolean", default: false } } });
if (values.check) process.exit(check());
const chosen = MUTANTS.filter(({ mistake }) => mistake.includes(values.only));
if (chosen.length === 0) argumentError(`no mistake has "${values.only}" in its name`);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "email-queue-mutants-"));
let missed = 0;
try {
  for (const mutant of chosen) {
    const failures = tryOut(mutant);
    if (failures.length === 0) missed += 1;
    console.log(`${failures.length === 0 ? "error" : "ok"}: ${mutant.mistake}: ${failures.length} failures`);
    for (const failure of failures.slice(0, 3)) console.log(`   ${failure.slice(0, 240)}`);
  }
} finally {
  fs.rmSync(scratch, { recursive: true, force: true });
}
process.exit(missed === 0 ? 0 : 1);

/** Whether the code still has the places; the exit code. */
function check() {
  const gone = MUTANTS.filter(({ file, from }) => fs.readFileSync(path.join(ROOT, file), "utf8").split(from).length !== 2);
  for (const { mistake, file } of gone) console.log(`error: ${mistake}: ${file} has changed`);
  if (gone.length === 0) console.log(`ok: ${MUTANTS.length} known mistakes can be put in`);
  return gone.length === 0 ? 0 : 1;
}

/** @param {Mutant} mutant @returns {string[]} the failed cases */
function tryOut({ file, from, to, cases = "", chaos }) {
  const copy = fs.mkdtempSync(path.join(scratch, "copy-"));
  const files = execFileSync("git", ["-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  for (const name of files.toString().split("\0").filter((name) => name && fs.existsSync(path.join(ROOT, name)))) {
    fs.cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  }
  fs.symlinkSync(path.join(ROOT, ".tools"), path.join(copy, ".tools"));
  fs.writeFileSync(path.join(copy, file), fs.readFileSync(path.join(copy, file), "utf8").replace(from, () => to));
  // One target folder for all, so that only the crate is compiled again.
  const env = { ...process.env, CARGO_TARGET_DIR: path.join(scratch, "target") };
  if (/^(src|supabase\/schemas)\//.test(file)) {
    const built = spawnSync(path.join(copy, "scripts/build"), file.startsWith("src/") ? [] : ["--sql"], { cwd: copy, env, encoding: "utf8" });
    if (built.status !== 0) throw new Error(`it does not build: ${built.stderr.slice(-2000)}`);
  }
  const run = spawnSync(process.execPath, chaos ?? ["tests/faults/main.mjs", "--only", cases], { cwd: copy, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  fs.rmSync(copy, { recursive: true, force: true });
  return run.stdout.split("\n").filter((line) => line.startsWith("error: ")).map((line) => line.slice("error: ".length));
}
