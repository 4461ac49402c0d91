// Decisions that a seed replays.

/** Mulberry32: small, and the same on every machine. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  unit() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both possible. @param {number} low @param {number} high */
  whole(low, high) {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** @template T @param {T[]} list @returns {T} */
  of(list) {
    return list[this.whole(0, list.length - 1)];
  }

  /** @param {number} probability */
  chance(probability) {
    return this.unit() < probability;
  }
}
