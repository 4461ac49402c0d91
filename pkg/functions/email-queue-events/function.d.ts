/** Instantiates the module, once. What its tasks and timers throw goes to `onThrow`. */
export function load(onThrow: (error: unknown) => void): void;

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset(): void;

/** The isolate that the function lives in. */
export interface Host {
  /** Has the isolate live until a report has ended; one that lasts longer than this hangs. */
  work(report: Promise<unknown>, guardMillis: number): void;
}

/** A request whose body is read only when the function asks for it. */
export interface Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The body; null: it has more than so many bytes. */
  read(most: number, signal: AbortSignal): Promise<Uint8Array | null>;
}

/** The function `email-queue-events`. */
export class EmailQueueEvents {
  /** `variables`: environment variables. What is missing or wrong is answered to each request. */
  constructor(variables: Record<string, string>, host: Host);
  /**
   * Answers a request: 200 with what happened to a signed event, whatever that is; else 400, 401, 404, 405, 408, 413, 500 with what is
   * wrong, or 503, after which the provider repeats it.
   */
  handle(request: Delivery): Promise<Response>;
  /** Within how many milliseconds a request that comes now is answered. */
  guardMillis(): number;
}
