// Plots without a library: bars side by side, or lines on logarithmic axes.
import { figure } from "./stats.mjs";

/**
 * @typedef {object} Plot
 * @property {string} title with the unit
 * @property {"bars" | "lines"} kind
 * @property {{name: string, points: {x: string | number, y: number, min?: number, max?: number}[]}[]} series
 * @property {string} [x] what the horizontal axis is
 */

const WIDTH = 760;
const HEIGHT = 340;
const LEFT = 70;
const TOP = 70;
const BOTTOM = 44;
const COLOURS = ["#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#c92a2a", "#868e96", "#a61e4d"];
const INK = "#495057";

/** @param {Plot} plot @returns {string} */
export function svg(plot) {
  const body = plot.kind === "bars" ? bars(plot) : lines(plot);
  // White, so that it can be read on a dark page too.
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${text(LEFT, 20, plot.title, 'font-size="14" font-weight="bold"')}
${legend(plot)}
${body}
</svg>
`;
}

/** @param {Plot} plot */
function bars({ series }) {
  const names = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => String(x))))];
  const top = Math.max(...series.flatMap(({ points }) => points.map(({ y, max }) => max ?? y))) * 1.05;
  const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const group = (WIDTH - LEFT - 20) / names.length;
  const width = (group * 0.85) / series.length;
  const parts = [ticks(top, y)];
  names.forEach((name, place) => {
    parts.push(text(LEFT + group * (place + 0.5), HEIGHT - BOTTOM + 18, name, 'text-anchor="middle"'));
    series.forEach(({ points }, index) => {
      const point = points.find(({ x }) => String(x) === name);
      if (!point) return;
      const left = LEFT + group * place + group * 0.075 + width * index;
      parts.push(`<rect x="${n(left)}" y="${n(y(point.y))}" width="${n(width - 1)}" height="${n(HEIGHT - BOTTOM - y(point.y))}" fill="${colour(index)}"><title>${figure(point.y)}</title></rect>`);
      if (point.min !== undefined && point.max !== undefined && point.max > point.min) {
        const middle = n(left + width / 2);
        parts.push(`<path d="M${middle} ${n(y(point.min))}V${n(y(point.max))}" stroke="#000" stroke-opacity=".6"/>`);
      }
    });
  });
  return parts.join("\n");
}

/** @param {Plot} plot */
function lines({ series, x: label = "" }) {
  const xs = series.flatMap(({ points }) => points.map(({ x }) => Math.log(Number(x))));
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const top = Math.max(...series.flatMap(({ points }) => points.map(({ y }) => y))) * 1.1;
  const x = (/** @type {string | number} */ value) => LEFT + 20 + ((Math.log(Number(value)) - low) / (high - low || 1)) * (WIDTH - LEFT - 80);
  const y = (/** @type {number} */ value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const parts = [ticks(top, y), text(WIDTH - 20, HEIGHT - 8, label, 'text-anchor="end"')];
  for (const value of new Set(series.flatMap(({ points }) => points.map((point) => point.x)))) {
    parts.push(text(x(value), HEIGHT - BOTTOM + 18, Number(value).toLocaleString("en-GB"), 'text-anchor="middle"'));
  }
  series.forEach(({ points }, index) => {
    const path = points.map((point, place) => `${place ? "L" : "M"}${n(x(point.x))} ${n(y(point.y))}`).join("");
    parts.push(`<path d="${path}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`);
    for (const point of points) parts.push(`<circle cx="${n(x(point.x))}" cy="${n(y(point.y))}" r="3" fill="${colour(index)}"><title>${figure(point.y)}</title></circle>`);
  });
  return parts.join("\n");
}

/** @param {number} top @param {(value: number) => number} y */
function ticks(top, y) {
  const rough = top / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * unit).find((value) => value >= rough) ?? rough;
  const parts = [];
  for (let value = 0; value <= top; value += step) {
    parts.push(`<path d="M${LEFT} ${n(y(value))}H${WIDTH - 20}" stroke="#dee2e6"/>`, text(LEFT - 6, y(value) + 4, figure(value), 'text-anchor="end"'));
  }
  return parts.join("\n");
}

/** @param {Plot} plot */
function legend({ series }) {
  let [left, top] = [LEFT, 30];
  return series.map(({ name }, index) => {
    const width = 30 + name.length * 6.4;
    if (left + width > WIDTH) [left, top] = [LEFT, top + 17];
    const part = `<rect x="${n(left)}" y="${top}" width="10" height="10" fill="${colour(index)}"/>${text(left + 15, top + 9, name)}`;
    left += width;
    return part;
  }).join("\n");
}

const colour = (/** @type {number} */ index) => COLOURS[index % COLOURS.length];
const n = (/** @type {number} */ value) => value.toFixed(1);

/** @param {number} x @param {number} y @param {string} content @param {string} [attributes] */
const text = (x, y, content, attributes = "") =>
  `<text x="${n(x)}" y="${n(y)}" ${attributes}>${content.replace(/[<&>]/g, (sign) => `&#${sign.charCodeAt(0)};`)}</text>`;
