/** Instantiates the module, once. What its tasks and timers throw goes to `onThrow`. */
export function load(onThrow: (error: unknown) => void): void;

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset(): void;

/** The isolate that the function lives in. */
export interface Host {
  /** The platform ends it, at a wall clock and by its CPU time. */
  readonly limited: boolean;
  /** What the runs of this isolate have claimed so far; 0 at first. The function counts them here. */
  messages: number;
  bytes: number;
  /** Has the isolate live until a run has ended; one that lasts longer than this hangs. */
  work(run: Promise<unknown>, guardMillis: number): void;
}

/** The function `process-email-queue`. */
export class ProcessEmailQueue {
  /** `variables`: environment variables. What is missing or wrong is answered to each request. */
  constructor(variables: Record<string, string>, host: Host);
  /**
   * Answers a request: 401, 405, 413 for a body over 1 MiB, 500 with what is wrong, 503 where the isolate takes no more
   * runs, 200 with what the run did, or 202 where the caller prefers not to wait. The body is not read.
   */
  handle(request: Pick<Request, "method" | "headers">): Promise<Response>;
  /** Within how many milliseconds a request that comes now is answered. */
  guardMillis(): number;
  /** The isolate or the process is about to end: nothing more is claimed, and what has not been sent is given back. */
  halt(): void;
}
