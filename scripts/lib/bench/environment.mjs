// The machine and the versions of a measurement.
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { outputOf } from "../host.mjs";
import { ROOT, findPostgres } from "../stack.mjs";
import { SETTINGS } from "./cluster.mjs";

export async function environment() {
  const cpus = os.cpus();
  return {
    machine: `${cpus.length} × ${cpus[0]?.model.trim() || process.arch}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()} ${os.release().split("-")[0]}`,
    // Another program that was busy meanwhile is in the figures.
    load: os.loadavg().map((load) => load.toFixed(1)).join(", "),
    versions: {
      "email-queue": outputOf("git", ["-C", ROOT, "log", "-1", "--format=%h"]) ?? "unknown",
      PostgreSQL: outputOf(path.join(await findPostgres(15) ?? "", "postgres"), ["--version"])?.match(/\d+\.\d+/)?.[0] ?? "15",
      Deno: "2.1.4",
      Node: process.versions.node,
    },
    settings: SETTINGS,
  };
}
