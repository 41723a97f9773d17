import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { type FuturesOperator, placeBody } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { WhatIf } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { Mutex } from "../submit/mutex.ts";
import { refusedWhatIf, type WhatIfAnswer, whatIf } from "./what-if.ts";

/** The broker's own judgement of the principal leg; null when it could not be asked. */
export async function askWhatIf(
  parts: { futuresOperator: FuturesOperator | null; mutex: Mutex },
  context: OperationContext,
  order: CanonicalOrder,
  notes: string[],
): Promise<WhatIfAnswer | null> {
  const { clock } = context;
  const body = whatIfBody(order, parts.futuresOperator);
  if (!body.ok) {
    notes.push(body.message);
    return null;
  }
  // The broker has one question at a time; a what-if must not void an order's.
  const wanted = new AbortController();
  const release = await parts.mutex.acquire(5_000, {
    priority: context.priority,
    onWanted: () => wanted.abort(),
  });
  if (release === null) {
    notes.push(
      "Another order waits for an answer, so the broker was not asked what this one costs.",
    );
    return null;
  }
  const now = (): string => isoTime(clock.now());
  try {
    const ask = whatIf(order.account_id, body.body, now);
    const answer = await unless(
      wanted.signal,
      context.ask({
        ...ask,
        onRefused: (status, text) =>
          status < 500 ? new WhatIfRefused(refusedWhatIf(text, now())) : null,
      }),
    );
    return answer.value;
  } catch (thrown) {
    if (thrown instanceof WhatIfRefused) return { whatIf: thrown.whatIf, warning: null };
    if (!(thrown instanceof GatewayError)) throw thrown;
    notes.push("The broker did not say what the order would cost.");
    return null;
  } finally {
    release();
  }
}

/** An order that has to go does not wait for an answer about one that may. */
function unless<T>(wanted: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopWaiting = (): void =>
      reject(
        new GatewayError(failure("RATE_LIMITED", "An order went first.", { retryable: true })),
      );
    wanted.addEventListener("abort", stopWaiting, { once: true });
    if (wanted.aborted) stopWaiting();
    work.then(resolve, reject).finally(() => wanted.removeEventListener("abort", stopWaiting));
  });
}

class WhatIfRefused extends GatewayError {
  readonly whatIf: WhatIf;

  constructor(answer: WhatIf) {
    super(failure("WHATIF_REJECTED", "The broker would not take this order."));
    this.whatIf = answer;
  }
}

/** The principal leg alone, under no reference: a what-if must not use one up. */
function whatIfBody(
  order: CanonicalOrder,
  operator: FuturesOperator | null,
): { ok: true; body: JsonObject } | { ok: false; message: string } {
  const alone: CanonicalOrder = {
    ...order,
    action: "place",
    structure: "single",
    legs: [{ ...principalLeg(order), role: "single" }],
    target: null,
  };
  const body = placeBody(alone, "what-if", operator);
  if (!body.ok) return body;
  const { orders } = body.body;
  if (!Array.isArray(orders)) return { ok: false, message: "The order has no body." };
  const anonymous = orders.map((one) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    const { cOID: _reference, ...rest } = one;
    return rest;
  });
  return { ok: true, body: { orders: anonymous } };
}
