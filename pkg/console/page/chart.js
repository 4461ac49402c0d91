// Bars over time, drawn by hand.
import { html } from "./vendor/preact.js";
import { exact } from "./parts.js";

const WIDTH = 600;
const HEIGHT = 80;

/**
 * @param {{title: string, bars: {at: number, parts: Record<string, number>}[]}} of parts: each has a class in the style
 */
export function Bars({ title, bars }) {
  const total = (/** @type {{parts: Record<string, number>}} */ { parts }) => Object.values(parts).reduce((sum, one) => sum + one, 0);
  const most = Math.max(1, ...bars.map(total));
  const width = WIDTH / Math.max(1, bars.length);
  const sum = bars.reduce((all, bar) => all + total(bar), 0);
  return html`<figure><svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${`${title}: ${sum} in all, at most ${most} at a time`}>
    ${bars.map(({ at, parts }, index) => {
      let top = HEIGHT;
      return html`<g><title>${exact(new Date(at).toISOString())}: ${Object.entries(parts).map(([name, count]) => `${count} ${name}`).join(", ")}</title>
        <rect class="ground" x=${index * width} y="0" width=${width} height=${HEIGHT} />
        ${Object.entries(parts).map(([name, count]) => {
          const height = count / most * (HEIGHT - 2);
          top -= height;
          return html`<rect class=${name} x=${index * width + 0.5} y=${top} width=${Math.max(0.5, width - 1)} height=${height} />`;
        })}</g>`;
    })}</svg><figcaption>${title}. The highest bar is ${most.toLocaleString("en")}.</figcaption></figure>`;
}
