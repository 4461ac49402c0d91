// What all pages are made of. Texts are put in as texts: nothing that comes from a mail or from the provider is read as HTML.
import { html, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { exact as exactly, span } from "../../operate/times.js";
import { refresh } from "./live.js";

export { span };

/** How long ago; the exact time is shown on hover. @param {{at: string | null | undefined}} of */
export function Time({ at }) {
  if (!at) return html`<span class="soft">–</span>`;
  const seconds = (Date.now() - Date.parse(at)) / 1000;
  const words = Math.abs(seconds) < 1 ? "now" : seconds < 0 ? `in ${span(seconds)}` : `${span(seconds)} ago`;
  return html`<time datetime=${at} title=${exact(at)}>${words}</time>`;
}

/** @param {string} at */
export const exact = (at) => `${exactly(at)} UTC`;

/** @type {Record<string, string>} */
const TONES = { ok: "good", completed: "good", fail: "bad", failed: "bad", warn: "wait", processing: "wait" };

/** @param {{word: string, tone?: string}} of */
export const Badge = ({ word, tone = TONES[word] }) => html`<span class=${`badge ${tone ?? ""}`}>${word.replaceAll("_", " ")}</span>`;

/** What happened to a message, in a word. @param {{message: any}} of */
export const State = ({ message: { conclusion, status } }) => html`<${Badge} word=${conclusion?.state ?? status} tone=${conclusion?.tone} />`;

/** @param {unknown} value an address, or several */
export function addresses(value) {
  const list = Array.isArray(value) ? value : value ? [value] : [];
  return list.map((one) => typeof one === "string" ? one : one?.name ? `${one.name} <${one.email}>` : one?.email ?? "").join(", ");
}

/** @param {{text: string, label: string}} of */
export function Copy({ text, label }) {
  const [done, setDone] = useState(false);
  const copy = () => navigator.clipboard.writeText(text).then(() => {
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  }, () => {});
  return html`<button class="quiet small" onClick=${copy} aria-label=${label}>${done ? "copied" : "copy"}</button>`;
}

/** Of a form. What was typed stays when the page is drawn anew, as it is with each look; it follows `value` when that is another one. @param {{value?: string, [name: string]: any}} of */
export function Input({ value = "", ...rest }) {
  const box = useRef(/** @type {any} */ (null));
  // Before anybody types.
  useLayoutEffect(() => {
    box.current.value = value;
  }, [value]);
  return html`<input ref=${box} defaultValue=${value} ...${rest} />`;
}

export const Loading = () => html`<p class="empty" role="status">Loading …</p>`;

/** @param {{title: string, children?: any}} of */
export const Empty = ({ title, children }) => html`<div class="empty"><strong>${title}</strong>${children}</div>`;

/** @param {{fault: any, retry?: () => void}} of */
export const Failed = ({ fault, retry }) => html`<div class="note bad" role="alert"><strong>${fault.message}</strong>
  ${fault.remedy && html`<p>${fault.remedy}</p>`}${retry && html`<button class="quiet" onClick=${retry}>Try again</button>`}</div>`;

/** A read on its way to being shown. One element, or what comes late is put behind what came before it. @param {{read: {data: any, fault: any, reload: () => void}, children: (data: any) => any}} of */
export const Shown = ({ read: { data, fault, reload }, children }) =>
  html`<div>${fault && html`<${Failed} fault=${fault} retry=${reload} />`}${data === undefined ? !fault && html`<${Loading} />` : children(data)}</div>`;

/** @param {{title: string, level?: string, children?: any, aside?: any}} of */
export const Section = ({ title, children, aside }) =>
  html`<section aria-label=${title}><div class="row"><h2>${title}</h2>${aside}</div>${children}</section>`;

/** A list of names and values; what is empty is left out. @param {{of: [string, any][]}} pairs */
export const Pairs = ({ of }) => html`<dl>${of.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

/** @param {{value: unknown}} of */
export const Json = ({ value }) => html`<div class="card pad"><pre tabindex="0">${JSON.stringify(value, null, 2)}</pre></div>`;

let openings = 0;

/**
 * A button that asks before it acts, and shows the result. With `reason` it cannot act, and says why.
 * @param {{label: string, title: string, text?: any, reason?: string | null, danger?: boolean, fields?: any, act: (form: Record<string, string>, say: Say) => Promise<string | void>, confirm?: string,
 *   before?: () => Promise<any>}} props before: what is asked of the queue first, for the text
 * @typedef {(progress: string) => boolean} Say shows how far it is; false: the dialog was closed, and what is left stays
 */
export function Action(props) {
  const { label, danger, reason } = props;
  const box = useRef(/** @type {any} */ (null));
  const [state, setState] = useState(/** @type {{of?: typeof props, busy?: boolean, fault?: any, first?: any, said?: string, progress?: string}} */ ({}));
  /** The opening of the dialog that is shown, 0 for none; what belongs to another one is over. */
  const opening = useRef(0);
  const { of, busy, fault, first, said, progress } = state;
  useLayoutEffect(() => {
    if (of) box.current.showModal();
  }, [opening.current]);
  useLayoutEffect(() => () => void (opening.current = 0), []);
  const closed = () => {
    opening.current = 0;
    setState({});
  };
  // The browser says so with its next frame: who is quick has opened the next dialog by then.
  const late = (/** @type {any} */ event) => event.target === box.current && closed();
  const close = () => {
    box.current?.close();
    closed();
  };
  const open = async () => {
    const me = opening.current = ++openings;
    // What the dialog shows and does is of now: the page may soon be about something else.
    const shown = (/** @type {typeof state} */ next) => opening.current === me && setState({ of: props, ...next });
    shown({ busy: props.before !== undefined });
    await props.before?.().then((result) => shown({ first: result }), (error) => shown({ fault: error }));
  };
  const go = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, String(value)]));
    const me = opening.current;
    const shown = (/** @type {typeof state} */ next) => opening.current === me && (setState({ of, first, ...next }), true);
    shown({ busy: true });
    await of?.act(form, (step) => Boolean(shown({ busy: true, progress: step }))).then((result) => {
      refresh();
      if (result) shown({ said: result });
      else if (opening.current === me) close();
    }, (error) => (refresh(), shown({ fault: error })));
  };
  return html`<span class="action"><button class=${danger ? "danger" : ""} disabled=${Boolean(reason)} title=${reason ?? ""} onClick=${open}>${label}</button>
    ${of && html`<dialog key=${opening.current} ref=${box} aria-label=${of.title} onClose=${late}><form onSubmit=${go}>
      <h2>${of.title}</h2>
      ${said ? html`<p role="status">${said}</p>` : html`${typeof of.text === "function" ? first !== undefined && of.text(first) : of.text && html`<p>${of.text}</p>`}${of.fields}`}
      ${busy && html`<p role="status">${progress ?? "One moment …"}</p>`}${fault && html`<${Failed} fault=${fault} />`}
      <p class="buttons"><button type="button" class="quiet" onClick=${close}>${said ? "Close" : progress ? "Stop" : "Cancel"}</button>
        ${!said && html`<button class=${of.danger ? "danger" : ""} disabled=${Boolean(busy || of.before && first === undefined)}>${of.confirm ?? of.label}</button>`}</p>
    </form></dialog>`}</span>`;
}

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
