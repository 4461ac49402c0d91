// What is to happen later, by the sandbox's clock: moving that clock makes it due.

/** setTimeout takes no longer wait. */
const LONGEST_MS = 2 ** 31 - 1;

export class Agenda {
  #now;
  /** The next first. @type {{at: number, run: () => void}[]} */ #entries = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {() => number} now */
  constructor(now) {
    this.#now = now;
  }

  /** @param {number} at @param {() => void} run */
  add(at, run) {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle].at <= at) low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, { at, run });
    if (low === 0) this.#arm();
  }

  /** Runs what is due. The clock's owner calls it, too, after moving the clock. */
  wake() {
    const now = this.#now();
    let due = 0;
    while (due < this.#entries.length && this.#entries[due].at <= now) due += 1;
    for (const { run } of this.#entries.splice(0, due)) run();
    this.#arm();
  }

  close() {
    this.#entries = [];
    clearTimeout(this.#timer);
  }

  #arm() {
    clearTimeout(this.#timer);
    if (this.#entries.length === 0) return;
    this.#timer = setTimeout(() => this.wake(), Math.min(LONGEST_MS, Math.max(0, this.#entries[0].at - this.#now())));
  }
}
