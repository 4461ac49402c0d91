import type { QueueOperations, Settings } from "./operations.d.ts";
import type { QueueProvider } from "./queue.d.ts";

export type { EmailQueueDatabase, EmailQueueRow, Json, WithEmailQueue } from "./database.d.ts";
export type * from "./messages.d.ts";
export type * from "./operations.d.ts";
export type { QueueErrorCode, QueueProvider } from "./queue.d.ts";
export { QueueError, QueueMessageStatus } from "./queue.js";

/** The queue in a Supabase project. */
export declare class SupabaseQueueProvider {
  /**
   * @param supabaseUrl the project's address
   * @param secretKey one of its secret keys (`sb_secret_…`), or the legacy service_role key
   * @param options `timeoutSeconds` for one request; 10 by default. `actor`: the name that stands in the audit, 1 to 100 characters of ASCII
   * @throws {QueueError} `invalid_input`
   */
  constructor(supabaseUrl: string, secretKey: string, options?: { timeoutSeconds?: number | undefined; actor?: string | undefined });
}
export interface SupabaseQueueProvider extends QueueProvider, QueueOperations {}

/**
 * A queue in memory, for your own tests: the contract of `SupabaseQueueProvider` without a database. Nothing sends its
 * e-mails.
 */
export declare class InMemoryQueueProvider {
  /**
   * @param options `defaultSender` is written into payloads without `from`
   * @throws {QueueError} `invalid_input`
   */
  constructor(options?: { defaultSender?: string | undefined });
  /** Lets time pass: leases end, what is scheduled becomes due. */
  advance(seconds: number): void;
}
/** Of the settings it has four. `show`, `events`, `runs` and `audit` are a project's. */
export interface InMemoryQueueProvider extends QueueProvider, Pick<QueueOperations, "search" | "prune"> {
  configure(settings?: Partial<MemorySettings>): Promise<MemorySettings>;
}
export type MemorySettings = Pick<Settings, "defaultSender" | "rateLimit" | "defaultMaxAttempts" | "maxPayloadBytes">;
