// What stands for `supabase start`, which needs Docker: an address, what is behind it, and a CLI that tells its keys.
import fs from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import process from "node:process";
import { randomKeys } from "../../../src/js/local/lite.js";

/** @param {string} folder to put the CLI into */
export async function startStandIn(folder) {
  const keys = randomKeys();
  const bin = path.join(folder, "a CLI");
  const answer = path.join(bin, "status.json");
  const server = createServer(async (incoming, outgoing) => {
    try {
      const chunks = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const { apikey = "", "content-type": type = "" } = incoming.headers;
      const reply = await fetch(standIn.target + incoming.url, { method: incoming.method, headers: { apikey: String(apikey), "content-type": type }, body: chunks.length > 0 ? Buffer.concat(chunks) : undefined });
      outgoing.writeHead(reply.status, { "content-type": reply.headers.get("content-type") ?? "text/plain" }).end(Buffer.from(await reply.arrayBuffer()));
    } catch {
      outgoing.writeHead(502).end("An invalid response was received from the upstream server");
    }
  });
  await new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  const standIn = {
    port, url, keys, bin,
    /** What is behind the address. @type {string | null} */
    target: null,
    /** Whether the CLI says that it is running. @param {boolean} is */
    set running(is) {
      if (is) fs.writeFileSync(answer, JSON.stringify({ API_URL: url, SECRET_KEY: keys.secret, PUBLISHABLE_KEY: keys.publishable }));
      else fs.rmSync(answer);
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(resolve));
    },
  };
  fs.mkdirSync(bin);
  fs.writeFileSync(path.join(bin, "supabase"), `#!${process.execPath}
import fs from "node:fs";
const [first, ...rest] = process.argv.slice(2);
if (first === "--version") console.log("3.1.0");
else if (first === "status" && rest.join(" ").startsWith("--output json") && fs.existsSync(${JSON.stringify(answer)})) {
  console.error("Stopped services: [supabase_imgproxy_shop]");
  console.log(fs.readFileSync(${JSON.stringify(answer)}, "utf8"));
} else {
  console.error("supabase_db_shop container is not running.");
  process.exit(1);
}
`, { mode: 0o755 });
  fs.writeFileSync(path.join(bin, "package.json"), '{"type": "module"}');
  standIn.running = true;
  return standIn;
}
