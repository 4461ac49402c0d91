// What the Edge Function needs of the package: the function itself, and a way to load and to renew the module.
export { ProcessEmailQueue } from "./email_queue.js";
export { load, reset } from "./module.js";
