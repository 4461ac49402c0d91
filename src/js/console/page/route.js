// The address holds what the page shows: #/messages?status=failed. So a reload, the way back and a bookmark work.
import { useLayoutEffect, useState } from "./vendor/preact.js";

/** @typedef {{page: string, id: string, query: Record<string, string>}} Route */

/** @returns {Route} */
function read() {
  const [place = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", id = ""] = place.split("/").map(decode);
  return { page, id, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

export function useRoute() {
  const [route, setRoute] = useState(read);
  // Before anybody sees the page: an effect after the paint would miss who is quick.
  useLayoutEffect(() => {
    const changed = () => setRoute(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

/** @param {string} page @param {Record<string, string | undefined | null>} [query] @param {string} [id] */
export function to(page, query = {}, id) {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value).map(([name, value]) => [name, String(value)]));
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${kept.size > 0 ? `?${kept}` : ""}`;
}

/** @param {string} address of `to` */
export const go = (address) => void (location.hash = address);
