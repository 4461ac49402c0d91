// A Node back end: POST /signup enqueues a welcome mail, GET /mails/<id> says what happened to it.
import { createServer } from "node:http";
import { QueueError, SupabaseQueueProvider } from "email-queue/providers/supabase-queue";

const queue = new SupabaseQueueProvider(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_ROLE_KEY!);

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  try {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (request.method === "POST" && pathname === "/signup") {
      let body = "";
      for await (const chunk of request) body += chunk;
      const { userId, email } = JSON.parse(body);
      const { id, created } = await queue.enqueue({
        type: "email",
        payload: { to: email, subject: "Welcome", content: "<p>Good to have you.</p>" },
        // A request that is sent again, because its answer got lost, welcomes nobody twice.
        dedupKey: `welcome:${userId}`,
      });
      return answer(created ? 201 : 200, { mail: id });
    }
    const mail = pathname.startsWith("/mails/") ? await queue.getMessage(pathname.slice("/mails/".length)) : null;
    return mail ? answer(200, { status: mail.status, attempts: mail.attempts }) : answer(404, { error: "not found" });
  } catch (error) {
    if (error instanceof QueueError && error.code === "invalid_input") return answer(400, { error: error.message, field: error.field });
    console.error(error);
    return answer(503, { error: "try again later" });
  }
});

server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});
