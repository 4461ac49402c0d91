/** Where a message is in its life. */
export declare const QueueMessageStatus: {
  /** It waits for its first attempt, perhaps until a time in the future. */
  readonly PENDING: "pending";
  /** A worker has it, or it waits for a replay because it may have been sent. */
  readonly PROCESSING: "processing";
  /** It waits for another attempt. */
  readonly RETRYING: "retrying";
  /** Accepted by the provider. */
  readonly COMPLETED: "completed";
  /** A dead letter: see `error.reason`. */
  readonly FAILED: "failed";
  /** Cancelled before it was sent. */
  readonly CANCELLED: "cancelled";
};
export type QueueMessageStatus = (typeof QueueMessageStatus)[keyof typeof QueueMessageStatus];

/** `user@example.com`, `Name <user@example.com>`, or its two parts. */
export type Address = string | { email: string; name?: string };

/** An e-mail. It needs `content`, `text` or `template`. */
export interface EmailPayload {
  /** 1 to 50 addresses. */
  to: Address | Address[];
  cc?: Address | Address[];
  bcc?: Address | Address[];
  /** The default sender where it is not given. */
  from?: Address;
  replyTo?: Address | Address[];
  /** Needed unless there is a `template`. */
  subject?: string;
  /** HTML. */
  content?: string;
  /** Plain text; made from the HTML where it is not given, left out where it is `""`. */
  text?: string;
  headers?: Record<string, string>;
  tags?: { name: string; value: string }[] | Record<string, string>;
  attachments?: Attachment[];
  /** A template stored at Resend, in place of `content` and `text`. */
  template?: { id: string; variables?: Record<string, string | number> };
}

/** A file: its bytes in base64, or an address that the provider fetches it from. */
export type Attachment = { contentType?: string; contentId?: string } & (
  | { filename: string; content: string; path?: never }
  | { filename?: string; path: string; content?: never }
);

/** What to enqueue. Only `payload` is needed. */
export interface NewMessage<Payload = EmailPayload> {
  /** `"email"` where it is not given; another name for a consumer of your own. */
  type?: string;
  payload: Payload;
  /** 0 (first) to 3; 2 where it is not given. */
  priority?: 0 | 1 | 2 | 3;
  /** 1 to 100; the setting's (15) where it is not given. */
  maxAttempts?: number;
  /** Not before this time. */
  runAt?: Date | string;
  /** Not before this many seconds after now, or after `runAt`. */
  delaySeconds?: number;
  /** Not worth sending after this time. */
  sendBefore?: Date | string;
  /** Enqueued once per type and key while that message exists. */
  dedupKey?: string;
  /** Your own data. */
  metadata?: Record<string, unknown>;
}

/** What came of an enqueue. */
export interface Enqueued {
  /** The message: the first one with this dedup key, where there was one. */
  id: string;
  /** False where the dedup key was known. */
  created: boolean;
  /** With a known dedup key: whether that message has another payload. */
  payloadDiffers?: boolean;
}

/** Why an attempt failed, or a message. */
export interface MessageError {
  class?: string;
  /** The provider's HTTP status. */
  status?: number | null;
  /** The provider's name for the error. */
  name?: string | null;
  message?: string;
  /** Which attempt, from 1. */
  attempt?: number;
  /** When, by the database's clock. */
  at?: string;
  /** Why the message failed; null while it is open. */
  reason: "rejected" | "exhausted" | "unknown_outcome" | "expired" | null;
  /** The last ten errors, oldest first. */
  history: Omit<MessageError, "reason" | "history">[] | null;
}

/** A message of the queue. */
export interface QueueMessage<Payload = EmailPayload> {
  id: string;
  type: string;
  status: QueueMessageStatus;
  payload: Payload;
  priority: number;
  runAt: Date;
  attempts: number;
  maxAttempts: number;
  /** The provider request it is or was part of. */
  dispatchId: string | null;
  /** Until when a worker holds it. */
  leaseExpiresAt: Date | null;
  dedupKey: string | null;
  metadata: Record<string, unknown> | null;
  error: MessageError | null;
  /** The provider's id of the accepted e-mail. */
  providerMessageId: string | null;
  createdAt: Date;
  updatedAt: Date;
  completedAt: Date | null;
  sendBefore: Date | null;
}

/** Which page of a list. */
export interface ListOptions {
  type?: string;
  /** 100 where it is not given, at most 1000. */
  limit?: number;
  /** Only messages older than this id. */
  before?: string;
}

/** What to do about a {@link QueueError}. */
export type QueueErrorCode =
  | "invalid_input"
  | "unauthorized"
  | "not_installed"
  | "unreachable"
  | "timeout"
  | "unavailable"
  | "database"
  | "unexpected";

/** The one error of the queue. It holds no key and no address. */
export declare class QueueError extends Error {
  readonly name: "QueueError";
  readonly code: QueueErrorCode;
  /** The field that is wrong, as in `payload.to[1]`. */
  readonly field?: string;
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
}

/** The queue in a Supabase project. */
export declare class SupabaseQueueProvider {
  /**
   * @param supabaseUrl the project's address
   * @param secretKey one of its secret keys (`sb_secret_…`), or the legacy service_role key
   * @throws {QueueError} `invalid_input`
   */
  constructor(supabaseUrl: string, secretKey: string);
  /** Enqueues one message. After a `timeout` it may have been enqueued: with a `dedupKey` it can be repeated safely. */
  enqueue<Payload = EmailPayload>(message: NewMessage<Payload>): Promise<Enqueued>;
  /** Enqueues messages in their order, some hundred in one call; each call is one transaction. */
  enqueueMany<Payload = EmailPayload>(messages: Iterable<NewMessage<Payload>>): Promise<Enqueued[]>;
  /** One message, or null. */
  getMessage<Payload = EmailPayload>(id: string): Promise<QueueMessage<Payload> | null>;
  /** The newest messages in a status. */
  getMessagesByStatus<Payload = EmailPayload>(status: QueueMessageStatus, options?: ListOptions): Promise<QueueMessage<Payload>[]>;
}
