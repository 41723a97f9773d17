import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { LeavingRequest } from "../own-book/own-book.ts";
import type { SendOrder } from "../submit/send-to-broker.ts";
import type { ConversationInput } from "./conversation-state.ts";

/** Thrown at the last look: the connection stands, and the order must not go. */
export class HeldBack extends Error {
  readonly refusals: OrderRefusal[];

  constructor(refusals: OrderRefusal[]) {
    super("held back");
    this.refusals = refusals;
  }
}

const WAIT_FOR_PACE_MS = 5_000;

/**
 * One POST of the conversation, and the input its end is to the machine; with it the error for
 * whoever waits, should the machine say that it failed. Right before the first byte
 * it is checked, begun and written down; a look that does not clear it stops it there.
 */
export async function post(
  send: SendOrder,
  request: {
    path: string;
    body: JsonObject;
    priority: "exit" | "reply" | "entry";
    about?: LeavingRequest["about"];
  },
  look: {
    /** Why it must not go; null when it may. */
    check(): Error | null;
    begin(): void;
    /** Journals that it goes; false when it must not. */
    journal(clear: boolean): boolean;
    mayGoOn(): boolean;
  },
): Promise<{ ended: ConversationInput; thrown: unknown }> {
  const lastLook = (): void => {
    const held = look.check();
    if (held === null) look.begin();
    if (!look.journal(held === null)) throw held ?? new HeldBack([]);
  };
  try {
    const exchange = await send({
      method: "POST",
      path: request.path,
      body: request.body,
      priority: request.priority,
      about: request.about ?? null,
      maxWaitMs: WAIT_FOR_PACE_MS,
      lastLook,
    });
    const ended = { kind: "post_ended", exchange, mayGoOn: look.mayGoOn() } as const;
    const left = exchange.kind === "answer" || exchange.sent;
    return { ended, thrown: left ? null : unsent() };
  } catch (thrown) {
    const refusals = thrown instanceof HeldBack ? thrown.refusals : null;
    return { ended: { kind: "post_failed", refusals }, thrown };
  }
}

const unsent = (): GatewayError =>
  new GatewayError(
    failure("BROKER_BACKEND_UNAVAILABLE", "Nothing was sent to the broker's gateway; try again.", {
      retryable: true,
    }),
  );
