// scripts/doctor: the doctor of the command, for what was deployed from this repository.
import process from "node:process";
import { parseArgs } from "node:util";
import { readProject } from "../../src/js/command/deployed.js";
import { help, report } from "../../src/js/command/doctor.js";
import { environment } from "../../src/js/command/env.js";
import { ROOT } from "./host.mjs";
import { release } from "./release.mjs";

const flag = { type: /** @type {const} */ ("boolean"), default: false };
try {
  const options = parseArgs({ options: { json: flag, "no-call": flag, help: { ...flag, short: "h" } } }).values;
  if (options.help) process.stdout.write(help.replace("email-queue doctor", "scripts/doctor").replace(/^ {2}--(function-name|workdir).*\n/gm, ""));
  else process.exitCode = await report(readProject(environment(ROOT, process.env)), { json: options.json, call: !options["no-call"], release: release(), root: ROOT, print: console.log });
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
