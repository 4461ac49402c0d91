// The sandbox, with its admin API at hand.
import type { startSandbox } from "../../../src/js/sandbox/server.mjs";

// deno-lint-ignore-file no-explicit-any
/** See src/js/sandbox/faults.mjs. */
export type ProviderFault = {
  action: "answer" | "delay" | "drop" | "hang" | "garbage";
  when?: "before" | "after";
  match?: { endpoint?: "/emails" | "/emails/batch"; recipient?: string; subject?: string; nth?: number | number[] };
  times?: number | "always";
  delayMs?: number;
  status?: number;
  name?: string;
  message?: string;
  body?: unknown;
  headers?: Record<string, string>;
  garbage?: "html" | "truncated" | "cut" | "empty" | "short";
};

/** An e-mail as the provider has it. */
export interface Email {
  id: string;
  message_id: string;
  key: string;
  endpoint: string;
  from: string;
  to: string[];
  subject?: string;
  [field: string]: any;
}

export class Provider {
  readonly url: string;
  readonly close: () => Promise<void>;
  constructor(private readonly sandbox: Awaited<ReturnType<typeof startSandbox>>) {
    this.url = sandbox.url;
    this.close = sandbox.close;
  }

  state = (options?: { brief?: boolean; ids?: boolean }): any => this.sandbox.state(options);
  reset = (): Promise<any> => this.#admin("reset", {});
  configure = (config: Record<string, unknown>): Promise<any> => this.#admin("config", config);
  fault = (...faults: ProviderFault[]): Promise<any> => this.#admin("faults", faults);

  /** How often the faults have applied, in their order. */
  applied = (): number[] => this.state({ brief: true }).faults.map(({ applied }: { applied: number }) => applied);

  /** Newest first. */
  async emails(query: { to?: string; limit?: number } = {}): Promise<Email[]> {
    const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
    const response = await fetch(`${this.url}/_sandbox/emails?${parameters}`);
    return (await response.json()).emails;
  }

  async email(to: string): Promise<Email> {
    const found = await this.emails({ to });
    if (found.length !== 1) throw new Error(`the provider has ${found.length} e-mails to ${to}`);
    return found[0];
  }

  async #admin(path: string, body: unknown): Promise<any> {
    const response = await fetch(`${this.url}/_sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`the sandbox refused ${path}: ${answer.error}`);
    return answer;
  }
}
