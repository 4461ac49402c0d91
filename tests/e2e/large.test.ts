// Large mail is claimed beside the run's other calls: what happens to such a claim must lose nothing and send nothing twice.
import assert from "node:assert/strict";
import { type Steps, steps, unanswered } from "./support/calls.ts";
import { mails } from "./support/database.ts";
import { type Fault } from "./support/stack.ts";
import { assertEachOnce, suite } from "./support/suite.ts";

const { test, end } = suite("large mail");

type Wrong = Awaited<ReturnType<Fault>>;

/** Four dispatches of five megabytes. */
const COUNT = 400;
const large = () => mails(COUNT, { content: `<p>${"x".repeat(50_000)}</p>` });

/** A claim that carries nothing else, as a run's very first one does not. */
const isApart = ({ settles, begins, claims }: Steps) => claims === 1 && settles === 0 && begins === 0;

test("claims go beside begins and settles, two at a time", async (stack) => {
  const ids = await stack.db.enqueue(large());
  let [underWay, most, apart] = [0, 0, 0];
  const database = await stack.proxy(stack.lite, async ({ body }) => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (isApart(steps(body))) apart += 1;
    // Long enough for the run to say all that it has to say.
    await new Promise((resolve) => setTimeout(resolve, 100));
    underWay -= 1;
    return undefined;
  });
  await stack.drain(await stack.function({ database }));
  assert(apart >= 2, `${apart} claims by themselves`);
  assert.equal(most, 3);
  await assertEachOnce(stack, ids);
});

const WRONGS: Record<string, Wrong> = {
  "its request is lost": "lose-request",
  "its answer is lost": "lose-answer",
  "a statement timeout": { status: 500, headers: { "content-type": "application/json" }, body: JSON.stringify({ code: "57014", message: "canceling statement due to statement timeout" }) },
};

for (const [name, wrong] of Object.entries(WRONGS)) {
  test(`${name}: the claim is said again`, async (stack) => {
    const ids = await stack.db.enqueue(large());
    const tokens = new Map<string, number>();
    const database = await stack.proxy(stack.lite, ({ body }) => {
      if (!isApart(steps(body))) return;
      const [token] = JSON.parse(body.toString()).p_request.claim.tokens;
      const said = (tokens.get(token) ?? 0) + 1;
      tokens.set(token, said);
      // Newer Denos send a request again by themselves, once, when a used connection is closed before an answer.
      return said <= 2 ? wrong : undefined;
    });
    await stack.drain(await stack.function({ database }));
    assert(tokens.size > 0 && [...tokens.values()].every((said) => said >= 3), `said ${[...tokens.values()]} times`);
    await assertEachOnce(stack, ids);
    assert.deepEqual(await stack.db.attempts(), [1], "what is said again costs nothing");
  });
}

test("the process is killed while the database carries out such a claim", async (stack) => {
  const ids = await stack.db.enqueue(large());
  const { fault, done: claimed } = unanswered(stack, isApart);
  const database = await stack.proxy(stack.lite, fault);
  const fn = await stack.function({ database });
  const ended = fn.invoke().then(() => "answered", () => "no answer");
  await claimed;
  await fn.kill();
  assert.equal(await ended, "no answer");
  assert.deepEqual(await stack.db.lost(), []);

  await stack.db.passTime("5 minutes");
  await stack.drain(await stack.function());
  await assertEachOnce(stack, ids);
});

end();
