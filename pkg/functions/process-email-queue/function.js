// The function itself, and a way to load and to renew its module.
import { loader } from "./loader.js";
import * as glue from "./worker.js";
import packed from "./worker_wasm.js";

export { ProcessEmailQueue } from "./worker.js";

const module = await loader(glue, packed);
export const { load, reset } = module;
