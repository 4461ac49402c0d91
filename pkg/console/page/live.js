// What is shown follows the queue, unless that is paused, or nobody looks.
import { useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact.js";
import { call } from "./call.js";

const EVERY_MS = 3000;

/** @type {Set<() => void>} */
const watching = new Set();
let paused = false;

export function usePause() {
  const [, setPaused] = useState(paused);
  useLayoutEffect(() => {
    const changed = () => setPaused(paused);
    watching.add(changed);
    return () => void watching.delete(changed);
  }, []);
  return [paused, () => {
    paused = !paused;
    for (const one of watching) one();
  }];
}

/** Has everything on the page read anew, after an action. */
export const refresh = () => {
  for (const one of [...reloads]) one();
};
/** @type {Set<() => void>} */
const reloads = new Set();

/**
 * A read, repeated.
 * @param {string} name @param {object} args @param {{every?: number}} [how] every: 0 is once
 * @returns {{data: any, fault: any, reload: () => void}} data stays while the next is asked for, and goes if the arguments change
 */
export function useRead(name, args, { every = EVERY_MS } = {}) {
  const key = `${name} ${JSON.stringify(args)}`;
  const [state, setState] = useState(/** @type {{key: string, data?: any, fault?: any}} */ ({ key }));
  const [isPaused] = usePause();
  const run = useRef(/** @type {() => void} */ (() => {}));
  const stale = state.key !== key;
  useEffect(() => {
    let ended = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let asking = false;
    let again = false;
    const ask = async () => {
      // What was asked before an action does not show it.
      if (asking) again = true;
      if (ended || asking) return;
      clearTimeout(timer);
      asking = true;
      const next = await call(name, args).then((data) => ({ key, data }), (fault) => ({ key, fault }));
      asking = false;
      if (ended) return;
      setState((now) => "fault" in next && now.key === key && now.data !== undefined ? { ...now, fault: next.fault } : next);
      if (again) {
        again = false;
        return void ask();
      }
      plan();
    };
    const plan = () => {
      clearTimeout(timer);
      if (!ended && every > 0 && !isPaused && !document.hidden) timer = setTimeout(() => paused || document.hidden || void ask(), every);
    };
    const seen = () => document.hidden ? clearTimeout(timer) : every > 0 && !isPaused && void ask();
    document.addEventListener("visibilitychange", seen);
    run.current = ask;
    reloads.add(ask);
    // Where the pause alone has changed, what is shown stays.
    if (stale || state.data === undefined || !isPaused) void ask();
    return () => {
      ended = true;
      clearTimeout(timer);
      reloads.delete(ask);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [key, every, isPaused]);
  return { data: stale ? undefined : state.data, fault: stale ? undefined : state.fault, reload: () => run.current() };
}
