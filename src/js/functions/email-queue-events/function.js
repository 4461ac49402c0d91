// The function itself, and a way to load and to renew its module.
import * as glue from "./events.js";
import packed from "./events_wasm.js";
import { loader } from "./loader.js";

export { EmailQueueEvents } from "./events.js";

const module = await loader(glue, packed);
export const { load, reset } = module;
