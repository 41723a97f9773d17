import { expect, it } from "vitest";
import { deskRig, outcome, settled } from "../../../../../test/support/order-desk.ts";
import { findIntent } from "../../tables/intents/rows.ts";
import { isProtective } from "./protective-order.ts";

const COID = "ieg1-0123456789abcdef0123456789ab";

it.each([
  ["stop_loss", true],
  ["take_profit", false],
  ["entry", false],
] as const)("of a bracket's parts the %s: %s", (role, protects) => {
  const rig = deskRig(() => settled({}));
  rig.working(COID, "501");
  const own = findIntent(rig.parts.storage.sql, COID);
  if (own === null) throw new Error("the order is not kept");
  const told = outcome(
    { coid: COID, state: "working", proved_by: "live_orders" },
    "501",
    rig.clock.now,
  );
  const orders = told.orders.map((part) => ({ ...part, role }));
  const bracket = { ...own, outcome: JSON.stringify({ ...told, orders }) };
  expect(isProtective(rig.parts.storage.sql, bracket, "501", rig.clock.now)).toBe(protects);
});

it.each([
  ["not filled", { state: "working", filled: "0" }, false],
  ["filled in part", { state: "partially_filled", filled: "1" }, true],
  ["filled as far as its figure says", { state: "working", filled: "0.5" }, true],
] as const)("a bracket's entry that has %s", (_name, now, protects) => {
  const rig = deskRig(() => settled({}));
  rig.working(COID, "501");
  const own = findIntent(rig.parts.storage.sql, COID);
  if (own === null) throw new Error("the order is not kept");
  const told = outcome(
    { coid: COID, state: "working", proved_by: "live_orders" },
    "501",
    rig.clock.now,
  );
  const [part] = told.orders;
  if (part === undefined) throw new Error("no order was told");
  const orders = [
    { ...part, role: "entry", ...now },
    { ...part, role: "stop_loss", order_id: "502", state: "working" },
  ];
  const bracket = { ...own, outcome: JSON.stringify({ ...told, orders }) };
  expect(isProtective(rig.parts.storage.sql, bracket, "501", rig.clock.now)).toBe(protects);
});
