import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import { expect, it } from "vitest";
import type { NewAuditEvent } from "../audit/events.ts";
import { type OrderLogEntry, orderLog } from "./order-log.ts";

const ACCOUNT = "DU1000321";
const NUMBERS = Array.from({ length: 400 }, (_, n) => `DU${1_000_000 + n}`);
const hashOf = (account: string) => policyHash(defaultPolicy(account, "paper"));
const traced = (text: string) => NUMBERS.filter((account) => text.includes(hashOf(account)));

function logged(entry: Pick<OrderLogEntry, "type" | "meta">): NewAuditEvent["meta"] {
  const events: NewAuditEvent[] = [];
  const log = orderLog({
    accountId: "acc_7d3f",
    accountKey: () => new Uint8Array(32).fill(9),
    append: (event) => void events.push(event),
    now: () => Date.parse("2026-11-30T10:00:00.000Z"),
  });
  log({
    kind: "agent",
    clientId: "client-1",
    sidecarId: null,
    brokerAccount: ACCOUNT,
    decision: "allow",
    errorCode: null,
    requestId: "r",
    ...entry,
  });
  return events[0]?.meta ?? {};
}

it("gives no account away by the hash of a policy that everybody knows but for the account", () => {
  expect(traced(hashOf(ACCOUNT))).toEqual([ACCOUNT]);
  const hash = hashOf(ACCOUNT);
  const first = logged({ type: "policy.changed", meta: { hash, from_hash: hash, version: "1" } });
  const order = logged({ type: "order.submitted", meta: { policy_hash: hash, coid: "ieg1-0" } });
  expect(traced(JSON.stringify([first, order]))).toEqual([]);
  // Equal policies still look alike, and what is no policy's hash stays as it is.
  expect(order).toEqual({ policy_hash: first.hash, coid: "ieg1-0" });
  expect(first).toMatchObject({ from_hash: first.hash, version: "1" });
});

it("leaves the hash away where there is none", () => {
  expect(logged({ type: "order.refused", meta: { policy_hash: "" } })).toEqual({ policy_hash: "" });
});
