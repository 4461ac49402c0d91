import type {
  Cancelled,
  CustomMessage,
  DeadLetterFilter,
  EmailPayload,
  Enqueued,
  EnqueueManyOptions,
  Leased,
  LeasedMessage,
  ListOptions,
  NewMessage,
  NewTemplate,
  QueueMessage,
  Redrive,
  Redriven,
  Settlement,
  Stats,
  Suppress,
  Suppression,
  SuppressionReason,
  SuppressionScope,
  UsedTemplate,
} from "./messages.d.ts";
import type { Discard, Discarded, Erased } from "./operations.d.ts";

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

/** What to do about a {@link QueueError}. */
export type QueueErrorCode =
  /** The input is wrong: correct the `field`. */
  | "invalid_input"
  /** The key is not a secret key of the project. */
  | "unauthorized"
  /** The migrations are not applied. */
  | "not_installed"
  /** The project's API does not show the schema `public`, or is off. */
  | "not_exposed"
  /** No connection: check the URL. The call may have been carried out. */
  | "unreachable"
  /** No answer in time. The call may have been carried out. */
  | "timeout"
  /** The database is in trouble: try again later. */
  | "unavailable"
  /** The database refused the call. */
  | "database"
  /** The answer could not be read. */
  | "unexpected";

/** The one error of the queue. It holds no key and no address. */
export declare class QueueError extends Error {
  readonly name: "QueueError";
  readonly code: QueueErrorCode;
  /** The field that is wrong, as in `payload.to[1]`. */
  readonly field?: string | undefined;
  /** Whether the same call can succeed later. */
  readonly retryable: boolean;
}

/** The contract of a queue. Every call can throw a {@link QueueError}. */
export interface QueueProvider {
  /** Enqueues one message. After a `timeout` it may have been enqueued: with a `dedupKey` it can be repeated safely. */
  enqueue<Payload, Type extends string>(message: CustomMessage<Payload, Type>): Promise<Enqueued>;
  enqueue(message: NewMessage): Promise<Enqueued>;
  /**
   * Enqueues messages in their order, up to a thousand in a request; each request is one transaction. All are checked before
   * the first request. Only the database can check `sendBefore` against its clock, its limit of a payload and its default
   * sender: if a later request fails, the earlier ones stand. The error's `field` begins with `messages[i]`.
   */
  enqueueMany<Payload, Type extends string>(messages: Iterable<CustomMessage<Payload, Type>>, options?: EnqueueManyOptions): Promise<Enqueued[]>;
  enqueueMany(messages: Iterable<NewMessage>, options?: EnqueueManyOptions): Promise<Enqueued[]>;
  /** Leases messages of types of your own. `visibilityTimeout` is in seconds, 60 by default. */
  dequeue<Payload>(options: { types: readonly string[]; maxMessages?: number | undefined; visibilityTimeout?: number | undefined }): Promise<LeasedMessage<Payload>[]>;
  /** Makes the lease end `visibilityTimeout` seconds from now, if that is later. */
  extend(leased: Leased, visibilityTimeout: number): Promise<Settlement>;
  /** The message is done. */
  complete(leased: Leased): Promise<Settlement>;
  /** The message can never be done: it fails as `rejected`. */
  fail(leased: Leased, error?: object | string): Promise<Settlement>;
  /** The message is tried again, or fails as `exhausted` if its attempts are used up. */
  retry(leased: Leased, error?: object | string, options?: { delaySeconds?: number | undefined }): Promise<Settlement>;
  /** Gives the message back without having used an attempt. */
  release(leased: Leased): Promise<Settlement>;
  /** Cancels a message that waits; for any other, the answer says why not. */
  cancel(id: string): Promise<Cancelled>;
  /** One message, or null. */
  getMessage<Payload = EmailPayload>(id: string): Promise<QueueMessage<Payload> | null>;
  /** Messages in a status, newest first: by `type`, `since`, `until`, `metadata`, `delivery`; a page has `limit` messages, `before` an id. */
  getMessagesByStatus<Payload = EmailPayload>(status: QueueMessageStatus, options?: ListOptions): Promise<QueueMessage<Payload>[]>;
  /** Failed messages, newest first: by `type`, `reason`, `since`, `until`, `text`, `metadata`. */
  listDeadLetters<Payload = EmailPayload>(options?: DeadLetterFilter & { limit?: number | undefined; before?: string | undefined }): Promise<QueueMessage<Payload>[]>;
  /** Puts failed messages back, at most 1000 a call: `ids`, or those of a `filter`; with `dryRun`, `allowDuplicates`, `limit`, `from`. */
  redrive(redrive: Redrive): Promise<Redriven>;
  /** Deletes failed messages for good, at most 1000 a call: `ids`, or those of a `filter`; with `dryRun`, `limit`. */
  discard(discard: Discard): Promise<Discarded>;
  /** Erases payload and metadata of a message that has ended, and the addresses of its events; for any other, the answer says why not. */
  erase(id: string): Promise<Erased>;
  /** Puts an address on the suppression list. A message all of whose recipients are on it fails as `suppressed`, before it is sent. */
  suppress(suppress: Suppress): Promise<Suppression>;
  /** Takes an address off the list: its entries for all mail, or those of a `topic`; those of one `reason`, or all but `unsubscribe`. */
  unsuppress(options: { address: string; topic?: string | undefined; reason?: SuppressionReason | undefined }): Promise<{ removed: SuppressionScope[]; left: SuppressionScope[] }>;
  /** Entries of the list, newest first: by `address`, `reason`, `topic`; a page has `limit` entries, `after` an id. */
  listSuppressions(options?: { address?: string | undefined; reason?: SuppressionReason | undefined; topic?: string | undefined; limit?: number | undefined; after?: string | undefined }): Promise<Suppression[]>;
  /** Stores a template of e-mails. Another content is another version. */
  putTemplate(template: NewTemplate): Promise<UsedTemplate>;
  /** How deep the queue is by type, and what holds it up. */
  stats(): Promise<Stats>;
  /** Pauses e-mail, or one sender domain, for some seconds or until it is resumed. */
  pause(options: { reason: string; domain?: string | undefined; seconds?: number | undefined }): Promise<void>;
  /** Ends a pause. Answers whether there was one. */
  resume(options?: { domain?: string | undefined }): Promise<boolean>;
}
