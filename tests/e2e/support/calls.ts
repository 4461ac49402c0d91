// What a call of the function to the database says, and ways to stop one.
import type { Fault, Stack } from "./stack.ts";

/** How many steps of each kind one call of email_queue_worker_work carries. */
export interface Steps {
  settles: number;
  begins: number;
  claims: number;
}

export function steps(body: { toString(): string }): Steps {
  const { p_request: request } = JSON.parse(body.toString());
  return { settles: request.settles.length, begins: request.begins.length, claims: request.claim?.tokens.length ?? 0 };
}

export interface Hold {
  fault: Fault;
  /** Resolves once a call is held. */
  held: Promise<void>;
  /** Lets all held calls through, and those that come. */
  release: () => void;
}

/** Holds each call for which the condition holds: the database does not see it before it is released. */
export function hold(condition: (steps: Steps) => boolean): Hold {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const fault: Fault = async ({ body }) => {
    if (!condition(steps(body))) return;
    resolve();
    await released;
  };
  return { held, release, fault };
}

/** The database carries out each call for which the condition holds, but its answer never comes. `done` resolves after the first. */
export function unanswered({ lite }: Stack, condition: (steps: Steps) => boolean): { fault: Fault; done: Promise<void> } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const fault: Fault = async ({ body }) => {
    if (!condition(steps(body))) return;
    const answer = await fetch(`${lite.url}/rest/v1/rpc/email_queue_worker_work`, {
      method: "POST",
      headers: { apikey: lite.secretKey, "content-type": "application/json" },
      body: body.toString(),
    });
    await answer.arrayBuffer();
    resolve();
    await new Promise(() => {});
  };
  return { fault, done };
}
