import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { OrderStatedEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import type { StatedOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import * as z from "zod";
import { isoTime } from "../../client-portal/clock.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";

/** What was stated of an order; null for nothing. Filled in once the book is open. */
export interface StatedOf {
  of: (coid: string) => StatedOrder | null;
}

const StateTold = z.looseObject({ kind: z.literal("intent_state"), coid: z.string() });

/**
 * A change of an order's state, with what this PC has stated of the order so far: what it sent goes to
 * the gateway right after it was sent, and how it ended with its end.
 */
export function withStatements(event: BrokerEvent, of: StatedOf["of"]): BrokerEvent {
  if (event.type !== "broker.order") return event;
  const state = StateTold.safeParse(event.payload);
  const stated = state.success ? of(state.data.coid) : null;
  return !state.success || stated === null
    ? event
    : { type: event.type, payload: plain({ ...state.data, stated }) };
}

/** The same by itself, for what was stated after the state was told. */
export function statedEvent(
  coid: string,
  stated: StatedOrder | null,
  { source, now }: { source: Source; now: number },
): BrokerEvent | null {
  const newest = stated?.statements.at(-1);
  if (stated === null || newest === undefined) return null;
  const payload: OrderStatedEvent = {
    kind: "order_stated",
    event_key: `stated|${coid}|${newest.body.pc_seq}`,
    source,
    observed_at: isoTime(now),
    coid,
    stated,
  };
  return { type: "broker.order", payload: plain(payload) };
}

/** Our own plain data, as JSON sees it. */
const plain = (value: unknown): BrokerEvent["payload"] => JSON.parse(JSON.stringify(value));
