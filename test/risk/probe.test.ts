import { Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { riskInBase } from "@ibkr-edge-gateway/protocol/orders/risk-in-base.ts";
import { unitsAtMost } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import * as fc from "fast-check";
import { it } from "vitest";
import { compare, fraction } from "./fraction.ts";
import { worstInBase, mostUnits } from "./oracle.ts";
import { anyCase } from "./orders.ts";
import { writeFileSync } from "node:fs";

it("probe", () => {
  const t0 = Date.now();
  const tally = new Map<string, number>();
  const ex = new Map<string, unknown>();
  const add = (k: string, c: unknown) => { tally.set(k, (tally.get(k) ?? 0) + 1); if (!ex.has(k) || JSON.stringify(c).length < JSON.stringify(ex.get(k)).length) ex.set(k, c); };
  for (const c of fc.sample(anyCase, { numRuns: 30000, seed: 1 })) {
    const { order, scene } = c;
    const view = { ...scene, slippageBps: scene.slippageBps === null ? null : dec(scene.slippageBps), quotedUnits: scene.quotedUnits === null ? null : dec(scene.quotedUnits) };
    const p = riskInBase(order, view as never);
    const o = worstInBase(order, scene);
    const leg = order.legs[0]!;
    const kind = `${order.action === "modify" ? "modify" : order.structure} ${leg.contract.asset_class}${leg.contract.right ?? ""} ${leg.side} ${leg.order_type} ${leg.cash_quantity ? "cash" : ""} eff=${scene.effect}`;
    let d: string;
    if (o === "unknown") d = p.known ? "PRODUCT KNOWS" : "both unknown";
    else if (!p.known) d = "product unknown " + p.missing;
    else { const cmp = compare(fraction(p.value.toFixed()), o.value); d = cmp === 0 ? "equal" : cmp < 0 ? "PRODUCT LESS" : "product more"; }
    add(d, { c, p, o: o === "unknown" ? o : { v: new Decimal(o.value.n.toString()).div(o.value.d.toString()).toFixed(), b: o.bounded } });
    if (d !== "equal" && d !== "both unknown") add(d + " | " + kind, { c, p, o: o === "unknown" ? o : { v: new Decimal(o.value.n.toString()).div(o.value.d.toString()).toFixed(), b: o.bounded } });
    if (order.action==="place" && p.known && o !== "unknown") add(`flag product=${p.uncoveredCall} oracle bounded=${o.bounded} ${leg.contract.asset_class}`, c);
    for (const l of order.legs) { const a = unitsAtMost(l, view as never), b = mostUnits(l, scene);
      if ((a === null) !== (b === null)) add(`units ${a===null?"product null":"oracle null"}`, {l, scene}); else if (a && b) { const diff = a.times(b.d.toString()).minus(b.n.toString()).div(b.d.toString()).div(a).toNumber(); add(Math.abs(diff)<1e-30?"units equal":diff<0?"units PRODUCT LESS":"units product more", {l, scene, a, diff}); } }
  }
  writeFileSync("/tmp/probe.json", JSON.stringify([...tally].sort((a, b) => b[1] - a[1]).map(([k, n]) => ({ k, n, ex: ex.get(k) })), (k, v) => typeof v === "bigint" ? String(v) : v, 1));
  console.log(Date.now() - t0, [...tally].filter(([k])=>!k.includes("|")), [...tally].filter(([k])=>k.includes("|")).sort().map((x) => x.join(" ")).join("\n"));
});
