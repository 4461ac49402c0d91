/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 73ce686fc1a466775117abb97924dacf5566b1893d44168af5bbcb9346578d88. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// The function itself, and a way to load and to renew its module.
import { loader } from "./loader.js";
import * as glue from "./worker.js";
import packed from "./worker_wasm.js";

export { ProcessEmailQueue } from "./worker.js";

const module = await loader(glue, packed);
export const { load, reset } = module;
