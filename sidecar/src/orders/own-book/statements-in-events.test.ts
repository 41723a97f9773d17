import type { StatedOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { describe, expect, it } from "vitest";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import { statedEvent, withStatements } from "./statements-in-events.ts";

const NOW = Date.parse("2026-11-20T15:00:00.000Z");
const NOTHING: StatedOrder = { pc_key: "key", statements: [] };
const event = (payload: BrokerEvent["payload"]): BrokerEvent => ({ type: "broker.order", payload });
const CHANGED = { kind: "intent_state", coid: "c1", state: "working" };
const change = event(CHANGED);

describe("a change of an order's state", () => {
  it("carries what this PC has stated of that very order", () => {
    const told = withStatements(change, (coid) => (coid === "c1" ? NOTHING : null));
    expect(told).toEqual(event({ ...CHANGED, stated: { pc_key: "key", statements: [] } }));
  });

  it("is told as it is where nothing was stated", () => {
    expect(withStatements(change, () => null)).toBe(change);
  });

  it("is all that carries it: a question and a fill are told as they are", () => {
    const question = event({ kind: "intent_question", coid: "c1" });
    expect(withStatements(question, () => NOTHING)).toBe(question);
    const fill: BrokerEvent = { ...change, type: "broker.execution" };
    expect(withStatements(fill, () => NOTHING)).toBe(fill);
  });
});

it("nothing is told by itself of an order of which nothing was stated", () => {
  const at = { source: "simulator", now: NOW } as const;
  expect(statedEvent("c1", null, at)).toBeNull();
  expect(statedEvent("c1", NOTHING, at)).toBeNull();
});
