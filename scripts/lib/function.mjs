// This repository's function, or one of a test's, under Deno.
import path from "node:path";
import { startFunction as start } from "../../src/js/local/function.js";
import { ROOT } from "./host.mjs";
import { ensureDeno } from "./tools.mjs";

const ENTRY = path.join(ROOT, "supabase/functions/process-email-queue/index.ts");

/**
 * @param {Omit<Parameters<typeof start>[0], "deno" | "entry"> & {deno?: string, entry?: string}} options
 * @returns {Promise<import("../../src/js/local/function.js").RunningFunction>}
 */
export const startFunction = async ({ deno, entry = ENTRY, ...options }) => await start({ ...options, entry, deno: deno ?? await ensureDeno() });
