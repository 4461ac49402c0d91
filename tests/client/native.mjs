// `native.mjs COMMAND …`: runs a command with a project's queue, as `tests/client/main.rs` wants it: Supabase Lite on PGlite.
import { startLite, startProcess } from "../../scripts/lib/stack.mjs";

const [program, ...args] = process.argv.slice(2);
const lite = await startLite();
try {
  const env = { ...process.env, EMAIL_QUEUE_URL: lite.url, EMAIL_QUEUE_KEY: lite.secretKey, EMAIL_QUEUE_REQUIRE_PROJECT: "1" };
  const onOutput = (text) => void process.stdout.write(text);
  const { exited } = await startProcess({ name: program, program, args, env, onOutput });
  process.exitCode = (await exited).code ?? 1;
} finally {
  await lite.stop();
}
