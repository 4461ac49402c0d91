// Lines over time, drawn by hand.
import { html } from "./vendor/preact.js";
import { counted, exact } from "./parts.js";

const WIDTH = 600;
const HEIGHT = 80;

/**
 * @param {{title: string, names: string[], steps: any[]}} of names: of the lines, each a field of a step and a class in the style; a step has at; where a field is null the line
 *   has a gap
 */
export function Lines({ title, names, steps }) {
  const most = Math.max(1, ...steps.flatMap((step) => names.map((name) => step[name] ?? 0)));
  const width = WIDTH / Math.max(1, steps.length);
  const x = (/** @type {number} */ index) => (index + 0.5) * width;
  const y = (/** @type {number} */ count) => HEIGHT - 2 - count / most * (HEIGHT - 4);
  const known = (/** @type {number} */ index, /** @type {string} */ name) => typeof steps[index]?.[name] === "number";
  // One step alone is a point.
  const path = (/** @type {string} */ name) => steps.map((step, index) => !known(index, name) ? ""
    : `${known(index - 1, name) ? "L" : "M"}${x(index).toFixed(1)} ${y(step[name]).toFixed(1)}${known(index - 1, name) || known(index + 1, name) ? "" : "h.1"}`).join("");
  const now = names.map((name) => `${name} ${(steps.findLast((step) => step[name] !== null)?.[name] ?? 0).toLocaleString("en")}`).join(", ");
  return html`<figure><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title}: at most ${most}; at the end ${now}`}>
    ${steps.map((step, index) => html`<g><title>${exact(step.at)}: ${names.map((name) => `${step[name] === null ? "?" : step[name].toLocaleString("en")} ${name}`).join(", ")}</title>
      <rect class="ground" x=${index * width} y="0" width=${width} height=${HEIGHT} /></g>`)}
    ${names.map((name) => html`<path class=${name} d=${path(name)} />`)}</svg>
    <figcaption>${title}: ${names.map((name, index) => html`${index > 0 && ", "}<span class=${`key ${name}`}>${name}</span>`)}. The highest is ${counted(most, "message")}.</figcaption></figure>`;
}
