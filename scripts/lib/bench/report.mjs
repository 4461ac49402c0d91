// The results as Markdown, as JSON, and in the project's documents.
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../stack.mjs";
import { svg } from "./plot.mjs";

/** @typedef {import("./main.mjs").Table} Table @typedef {import("./main.mjs").Goal} Goal @typedef {import("./main.mjs").Outcome} Outcome */

/**
 * @typedef {object} Report
 * @property {{machine: string, load: string, versions: Record<string, string>, settings: Record<string, string>}} environment
 * @property {string} command @property {string} date @property {number} seconds @property {boolean} quick @property {number} rounds
 * @property {Record<string, Outcome>} outcomes
 */

const TITLES = /** @type {Record<string, string>} */ ({
  sql: "Claim and settle in the database",
  enqueue: "Enqueue",
  run: "A run of the function",
  start: "Start",
  latency: "From enqueue to accepted",
  auth: "Supabase Auth's hook",
  events: "Reports of a provider",
  search: "Search, and what operators read",
  console: "The console's pages",
  lanes: "Sender domains",
  life: "From enqueue to deletion",
  scale: "Scale",
});

/** @param {Report} report @param {(name: string, index: number) => string} [picture] Markdown of a plot */
export function markdown(report, picture) {
  const parts = Object.entries(report.outcomes).map(([name, { tables, plots }]) => [
    `## ${TITLES[name]}\n`,
    ...(picture ? plots.map((_, index) => `${picture(name, index)}\n`) : []),
    ...tables.map(table),
  ].join("\n"));
  return [conditions(report), goals(report), ...parts].join("\n");
}

/** @param {Report} report */
const conditions = ({ environment, command, date, seconds, quick, rounds, outcomes }) => {
  const versions = Object.assign({}, environment.versions, ...Object.values(outcomes).map((outcome) => outcome.versions ?? {}));
  return `\`${command}\` on ${date}, ${seconds} s${quick ? ", **quick: not to be quoted**" : ""}. ${environment.machine}; load average at the end ${environment.load}.
${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}.
PostgreSQL with ${Object.entries(environment.settings).map(([name, value]) => `\`${name}=${value}\``).join(", ")}, commits reach the disk.
Where ratios are given: ${rounds} round${rounds === 1 ? "" : "s"} in alternating order, median (min–max).\n`;
};

/** @param {Report} report */
export function goals({ outcomes }) {
  const all = Object.values(outcomes).flatMap((outcome) => outcome.goals);
  if (all.length === 0) return "";
  const sign = (/** @type {boolean | null} */ met) => (met === null ? "–" : met ? "✓" : "✗");
  return table({ title: "What was to be reached", columns: ["", "goal", "measured"], rows: all.map(({ text, found, met }) => [sign(met), text, found]) });
}

/** @param {Table} table */
export function table({ title, columns, rows, note }) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const align = columns.map((_, index) => (rows.every((cells) => /^[\d–.,<>×% ()-]*( (MB|kB|ms|s))?$/.test(cells[index] ?? "")) ? "---:" : "---"));
  return `### ${title}\n\n${[line(columns), line(align), ...rows.map(line)].join("\n")}\n${note ? `\n${note}\n` : ""}`;
}

/** @param {Report} report @returns {string} the folder */
export function write(report) {
  const folder = path.join(ROOT, "target/bench");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "results.json"), `${JSON.stringify(report, null, 1)}\n`);
  fs.writeFileSync(path.join(folder, "results.md"), markdown(report, (name, index) => `![](${name}-${index}.svg)`));
  plots(report, folder);
  return path.relative(ROOT, folder);
}

/** Into the document, between its marks; what people wrote around them stays. @param {Report} report @returns {string} */
export function publish(report) {
  const pictures = path.join(ROOT, "docs/bench");
  fs.rmSync(pictures, { recursive: true, force: true });
  fs.mkdirSync(pictures, { recursive: true });
  plots(report, pictures);
  const whole = markdown(report, (name, index) => `![${report.outcomes[name]?.plots[index]?.title}](bench/${name}-${index}.svg)`);
  const document = path.join(ROOT, "docs/bench.md");
  fs.writeFileSync(document, fs.readFileSync(document, "utf8").replace(MARKS, (_, open, close) => `${open}${whole}${close}`));
  return "docs/bench.md";
}

const MARKS = /(<!-- bench -->\n)[\s\S]*?(<!-- \/bench -->)/;

/** @param {Report} report @param {string} folder */
function plots({ outcomes }, folder) {
  for (const [name, outcome] of Object.entries(outcomes)) {
    outcome.plots.forEach((plot, index) => fs.writeFileSync(path.join(folder, `${name}-${index}.svg`), svg(plot)));
  }
}
