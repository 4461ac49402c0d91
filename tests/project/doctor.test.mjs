// Each finding of the doctor: broken as it breaks, named, and mended by the remedy as it is printed, in a session of the role
// that the remedy names, which changes nothing else. Where no command can mend it, none is printed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../../scripts/lib/stack.mjs";
import { ELSEWHERE, ILLS } from "./support/ills.mjs";
import { commandOf, startPatient } from "./support/doctor.mjs";

for (const version of [15, 17]) {
  describe(`PostgreSQL ${version}`, () => {
    /** @type {Awaited<ReturnType<typeof startPatient>>} */
    let patient;
    before(async () => void (patient = await startPatient(version)));
    after(() => patient?.stop());

    test("all is well", async () => {
      assert.deepEqual(await patient.ills(), []);
    });

    for (const ill of ILLS.filter(({ only }) => !only || only === version)) {
      test(`${ill.check}: ${ill.name}`, async () => {
        const before = await patient.state();
        await ill.breaks(patient);
        const find = () => patient.finding(ill.check, ill.detail);
        if (ill.waits) await waitFor(async () => (await find())?.status === ill.status, { timeout: 180_000, interval: 500, what: "the finding" });
        const finding = await find();
        assert.equal(finding?.status, ill.status, JSON.stringify(await patient.ills(), null, 1));
        const command = commandOf(finding?.remedy ?? null);
        if (ill.remedy instanceof RegExp) assert.match(finding?.remedy ?? "", ill.remedy);
        else assert.equal(command, ill.remedy, finding?.remedy ?? "");
        if (ill.other) await patient.paste(ill.other);
        else if (ill.remedy instanceof RegExp && !ill.runs) assert.equal(command, null, "nothing is printed to be run");
        else await patient.paste(/** @type {string} */ (command), ill.as);
        await ill.beside?.(patient);
        await waitFor(async () => !["warn", "fail"].includes((await find())?.status ?? "ok"), { timeout: 60_000, interval: 200, what: `the end of ${ill.check}` });
        if (ill.keeps !== false) assert.deepEqual(await patient.state(), before, "nothing else has changed");
        await ill.after?.(patient);
        // What pg_cron met meanwhile, its next run mends.
        await waitFor(async () => (await patient.ills()).length === 0, { timeout: 100_000, interval: 500, what: "all to be well again" })
          .catch(async () => assert.deepEqual(await patient.ills(), [], "all is well again"));
      });
    }

    test("every finding that there can be has its case", () => {
      const cases = new Set([...ILLS.map(({ check }) => check), ...Object.keys(ELSEWHERE)]);
      assert.deepEqual([...patient.seen.keys()].filter((check) => !cases.has(check)), []);
    });
  });
}
