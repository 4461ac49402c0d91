/** Instantiates the module, once. */
export function load(): void;

/** A fresh instance after a panic or a trap. Objects of the old one must not be used any more. */
export function reset(): void;

/** The function `process-email-queue`. */
export class ProcessEmailQueue {
  /** `variables`: environment variables. What is missing or wrong is answered to each request. */
  constructor(variables: Record<string, string>);
  /** Answers a request: 401, 405, 500 with what is wrong, or 200 with what the run did. */
  handle(request: Request): Promise<Response>;
  /** Within how many milliseconds a request that comes now is answered. */
  guardMillis(): number;
}
