// The one error of the queues.

export class QueueError extends Error {
  constructor(message, { code, field, retryable, cause }) {
    super(message, { cause });
    this.name = "QueueError";
    this.code = code;
    this.field = field;
    this.retryable = retryable;
  }
}

export function invalid(field, why) {
  return new QueueError(`${field}: ${why}`, { code: "invalid_input", field, retryable: false });
}

/** Calls the module; what it throws becomes a QueueError. */
export function translated(call) {
  try {
    return call();
  } catch (error) {
    throw queueError(error);
  }
}

/** What a call of the module threw. */
export function queueError(error) {
  if (error instanceof QueueError) return error;
  if (error?.code) return new QueueError(error.message, error);
  return new QueueError("the module broke; the next call gets a new one. Whether this call was carried out is not known", {
    code: "unexpected",
    retryable: false,
    cause: error,
  });
}
