// The classes of the package. Each entry point of the package gives them the module in the form that its runtime takes.
import * as glue from "./client.js";
import { QueueError, translated } from "./error.js";
import { Queue } from "./queue.js";
import { write } from "./write.js";

export class Supabase extends Queue {
  constructor(module, supabaseUrl, secretKey, options) {
    const given = write(options);
    super(module, () => glue.QueueClient.supabase(text(supabaseUrl), text(secretKey), given));
  }
}

export class InMemory extends Queue {
  constructor(module, options) {
    const given = write(options);
    let opened = false;
    super(module, () => {
      if (opened) throw new QueueError("the module broke, and the queue in its memory is gone", { code: "unexpected", retryable: false });
      const queue = glue.QueueClient.inMemory(given);
      opened = true;
      return queue;
    });
  }

  advance(seconds) {
    translated(() => this.client().advance(typeof seconds === "number" ? seconds : Number.NaN));
  }
}

// A missing variable (`process.env.X!`) is undefined: the module then names the argument.
function text(value) {
  return typeof value === "string" ? value : "";
}
