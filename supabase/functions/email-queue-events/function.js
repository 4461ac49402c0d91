/* eslint-disable */
// @ts-nocheck
// email-queue 0.1.2 926d2accc7cd48c52d4390efcc778eecb6ef4042b419101570764f84e673911c. Written by `email-queue init` and `upgrade`, which replaces what you change here.
// The function itself, and a way to load and to renew its module.
import * as glue from "./events.js";
import packed from "./events_wasm.js";
import { loader } from "./loader.js";

export { EmailQueueEvents } from "./events.js";

const module = await loader(glue, packed);
export const { load, reset } = module;
