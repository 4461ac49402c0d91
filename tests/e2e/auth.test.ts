// Mail of Supabase Auth, from the transaction of a sign-up to the provider's mailbox.
import assert from "node:assert/strict";
import { AUTH_URL, authEvent, TYPES } from "../project/support/auth_events.mjs";
import { signUp } from "./support/auth.ts";
import { mails } from "./support/database.ts";
import type { Email } from "./support/provider.ts";
import { suite } from "./support/suite.ts";

const { test, end } = suite("Auth's mail");

const REDIRECT = `https://app.example/welcome?a=1&b="2"&c='3'#d`;

/** The link, the same in both parts, and the code. */
function read({ html, text }: Email): { link: URL | null; code: string | null } {
  const escaped = String(html).match(/href="([^"]+)" class="button"/)?.[1];
  const written = String(text).match(/^https?:.*$/m)?.[0];
  assert.equal(escaped?.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&"), written, "HTML and text have the same link");
  const code = String(text).match(/^Code: (.*)$/m)?.[1] ?? null;
  assert.equal(String(html).match(/class="code"[^>]*>([^<]+)</)?.[1] ?? null, code, "and the same code");
  return { link: written === undefined ? null : new URL(written), code };
}

function assertLink(link: URL | null, page: string, query: Record<string, string>): void {
  assert.equal(link && link.origin + link.pathname, page);
  assert.deepEqual(Object.fromEntries(link?.searchParams ?? []), query);
}

test("every type arrives at its recipient, with its code and its link", async (stack) => {
  const addressOf = (type: string) => `${type.replaceAll("_", "-")}@customer.example`;
  const given = Object.keys(TYPES).map((type, index) => {
    const { code } = TYPES[type];
    const data = { redirect_to: REDIRECT, ...(code && { token: String(100_000 + index), token_hash: `pkce_${index}/+=&"` }), ...(type === "email_changed_notification" && { old_email: addressOf(type) }) };
    return { type, event: authEvent(type, data, type === "email_changed_notification" ? {} : { email: addressOf(type), new_email: addressOf(type) }) };
  });
  await signUp(stack, given.map(({ event }) => event));
  await stack.drain(await stack.function());
  assert.equal(stack.provider.state().accepted, given.length);
  for (const { type, event } of given) {
    const email = await stack.provider.email(addressOf(type));
    const { token, token_hash } = event.email_data;
    const { code, link } = read(email);
    assert.equal(code, TYPES[type].code ? token : null, type);
    assert.deepEqual([email.to, email.from], [[addressOf(type)], "Shop <shop@shop.example>"], type);
    if (TYPES[type].link) assertLink(link, `${AUTH_URL}/verify`, { token: token_hash, type, redirect_to: REDIRECT });
    else assert.equal(link, null, type);
  }
});

test("of a change of address both mails arrive, each with the other's token", async (stack) => {
  const tokens = { token: "111111", token_hash: "hash", token_new: "222222", token_hash_new: "hash-new", redirect_to: REDIRECT };
  await signUp(stack, [authEvent("email_change", tokens, { email: "old@customer.example", new_email: "new@customer.example" })]);
  await stack.drain(await stack.function());
  assert.equal(stack.provider.state().accepted, 2);
  for (const [to, code, token] of [["old@customer.example", "111111", "hash-new"], ["new@customer.example", "222222", "hash"]]) {
    const mail = read(await stack.provider.email(to));
    assert.equal(mail.code, code);
    assertLink(mail.link, `${AUTH_URL}/verify`, { token, type: "email_change", redirect_to: REDIRECT });
  }
});

test("by the settings it leads to the application's own page, from a sender of its own, in the user's language", async (stack) => {
  await stack.configure({ auth_url: "https://app.example/confirm?step=2", auth_sender: "Login <login@auth.example>", auth_product: "Acme" });
  await stack.lite.rpc("email_queue_template_put", { p_name: "auth-recovery", p_subject: "Passwort für {{ .Product }}", p_text: "{{ .ConfirmationURL }}\n{{ .Token }}", p_language: "de" });
  const tokens = { token: "305805", token_hash: "pkce_7d5b7b1964cf5d388340a7f0" };
  await signUp(stack, [
    authEvent("recovery", { ...tokens, redirect_to: REDIRECT }, { email: "dora@customer.example", user_metadata: { locale: "de-AT" } }),
    authEvent("recovery", { ...tokens, redirect_to: REDIRECT }, { email: "eve@customer.example", user_metadata: { locale: "fr" } }),
  ]);
  await stack.drain(await stack.function());
  const german = await stack.provider.email("dora@customer.example");
  assert.deepEqual([german.subject, german.from], ["Passwort für Acme", "Login <login@auth.example>"]);
  const [link, code] = String(german.text).split("\n");
  assert.equal(code, tokens.token);
  const query = { step: "2", token_hash: tokens.token_hash, type: "recovery", redirect_to: REDIRECT };
  assertLink(new URL(link), "https://app.example/confirm", query);
  const english = await stack.provider.email("eve@customer.example");
  assert.equal(english.subject, "Reset your password");
  assertLink(read(english).link, "https://app.example/confirm", query);
});

test("a sign-up that is rolled back sends nothing", async (stack) => {
  const fn = await stack.function();
  await signUp(stack, Object.keys(TYPES).map((type) => authEvent(type, {}, { new_email: "new@customer.example" })), { undone: true });
  assert.equal((await fn.invoke()).claimed, 0);
  assert.deepEqual([await stack.db.rows(), stack.provider.state().requests], [[], 0]);
});

test("after twenty minutes without the provider the best priority goes first, and what outlived its link has expired", async (stack) => {
  const people = (name: string, count: number) => Array.from({ length: count }, (_, n) => authEvent("signup", {}, { email: `${name}-${n}@customer.example` }));
  await stack.configure({ retry_base_ms: 30_000, retry_cap_ms: 3_600_000, auth_link_lifetime: "10 minutes" });
  const fn = await stack.function({ env: { EMAIL_QUEUE_RUN_SECONDS: "10" } });
  // The first four hundred are under way when the provider goes.
  for (const [priority, count] of [[1, 600], [3, 300]]) await stack.db.enqueue(mails(count).map((mail) => ({ ...mail, priority })));
  await stack.provider.fault({ action: "answer", status: 503, body: "down", times: "always" });
  for (let minute = 0; minute < 20; minute++) {
    if (minute === 5) await signUp(stack, people("early", 20));
    await fn.invoke();
    await stack.db.passTime("1 minute");
  }
  const late = people("late", 20);
  const again = { ...late[0], user: { ...late[0].user, email: "early-0@customer.example" } };
  await signUp(stack, [...late.slice(1), again]);
  await fetch(`${stack.provider.url}/_sandbox/faults`, { method: "DELETE" });
  // The last bulk mail that froze waits out its backoff.
  await stack.drain(fn, { until: async () => (await stack.db.passTime("1 minute"), await stack.db.isDrained()) });

  type Told = { id: string; address: string | null; priority: number; status: string; attempts: number; reason: string | null };
  const rows: Told[] = await stack.db.sql`select id, recipients #>> '{}' as address, priority, status, attempts, error ->> 'reason' as reason from public.email_queue order by id`;
  const early = rows.filter(({ address }) => address?.startsWith("early")).slice(0, 20);
  const expired = early.filter(({ attempts }) => attempts === 0);
  assert(expired.length >= 12, "few of them were probes, whose outcome was unknown");
  for (const { status, reason } of expired) assert.deepEqual([status, reason], ["failed", "expired"]);
  for (const { status, reason } of rows) assert(status === "completed" || reason === "expired" || reason === "unknown_outcome", `${status} ${reason}`);
  const asked = rows.filter(({ address }) => address?.startsWith("late") || address === "early-0@customer.example").slice(-20);
  assert.deepEqual(asked.map(({ status }) => status), Array(20).fill("completed"), "who asks again gets another");
  const priorities = new Map(rows.filter(({ attempts }) => attempts === 1).map(({ id, priority }) => [id, priority]));
  const order = (await stack.provider.emails({ limit: 1000 })).map(({ message_id }) => priorities.get(message_id.split("_")[0])).filter((priority) => priority !== undefined).reverse();
  assert.equal(order.filter((priority) => priority === 0).length, 20);
  // Until the breaker has closed, every second probe comes from elsewhere.
  assert(order.lastIndexOf(0) < 20 + 30, "sign-up mail goes first");
  const middle = (wanted: number) => {
    const places = order.flatMap((priority, place) => (priority === wanted ? [place] : []));
    return places[places.length >> 1];
  };
  assert(middle(1) < middle(3), "then the better priority");
});

test("with 50,000 bulk mails waiting, it is in the next dispatch, and with no other mail", async (stack) => {
  const WAITING = 50_000;
  for (let n = 0; n < WAITING; n += 5000) await stack.db.enqueue(mails(5000));
  await stack.provider.configure({ latencyMs: 20 });
  const address = (n: number) => `urgent-${n}@customer.example`;
  const enqueue = async (n: number) => {
    await signUp(stack, [authEvent("magiclink", {}, { email: address(n) })]);
    return (await stack.db.sql`select clock_timestamp()::text as at`)[0].at;
  };
  const accepted = async (n: number) => (await stack.db.sql`select status from public.email_queue where recipients = to_jsonb(${address(n)}::text)`)[0].status === "completed";
  const before = await enqueue(0);
  const fn = await stack.function();
  let over = false;
  const running = (async () => {
    while (!over) await fn.invoke();
  })();
  const times = [before];
  try {
    for (let n = 0; n < 10; n++) {
      if (n > 0) times.push(await enqueue(n));
      while (!(await accepted(n))) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    over = true;
    await running;
  }
  assert(!(await stack.db.isDrained()), "bulk mail waits still");
  for (const [n, at] of times.entries()) {
    const [{ alone, between }] = await stack.db.sql`
      select (select bool_and(coalesce(m.secret, false)) from email_queue_private.message as m where m.dispatch_id = d.id) as alone,
        (select count(*)::int from email_queue_private.dispatch as o where o.created_at > ${at}::timestamptz and o.created_at < d.created_at) as between
      from email_queue_private.dispatch as d where d.id = (select dispatch_id from public.email_queue where recipients = to_jsonb(${address(n)}::text))`;
    assert.equal(alone, true, "no other mail is in its request");
    // A claim that was under way has not seen it; it forms as many dispatches as a run has requests open.
    assert(between <= (n === 0 ? 0 : 4), `${between} dispatches were formed between its enqueue and its own`);
  }
});

end();
