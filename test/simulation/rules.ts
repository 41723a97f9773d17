import { policyInForce } from "../../durable-objects/account/orders/tables/policies.ts";
import { changePolicy } from "../../durable-objects/account/orders/transactions/policy-transaction.ts";
import { writePrivateJson } from "../../sidecar/src/config/private-files.ts";
import type { MemorySqlStorage } from "../support/sql-storage.ts";
import { BROKER_ACCOUNT, START, wideCaps, widePolicy } from "./template.ts";

/** One rule that lets little through, at one end alone: no guard behind it hides that it is gone. */
export const RULES = [
  "gateway_hour",
  "gateway_day",
  "gateway_value",
  "gateway_position",
  "pc_minute",
  "pc_day",
  "pc_value",
] as const;
export type Rule = (typeof RULES)[number];

export const RULE = { perHour: 4, perDay: 4, perMinute: 2, value: 800, position: 29 } as const;

/** Puts one rule in force before the world begins. */
export function setRule(sql: MemorySqlStorage, configDir: string, rule: Rule): void {
  const policy = widePolicy(BROKER_ACCOUNT);
  const caps = wideCaps();
  switch (rule) {
    case "gateway_hour":
      policy.cumulative.max_orders_per_hour = RULE.perHour;
      break;
    case "gateway_day":
      policy.cumulative.max_orders_per_day = RULE.perDay;
      break;
    case "gateway_value":
      policy.order.max_notional = String(RULE.value);
      break;
    case "gateway_position":
      policy.portfolio.max_position_quantity = String(RULE.position);
      break;
    case "pc_minute":
      caps.paper.max_orders_per_minute = RULE.perMinute;
      break;
    case "pc_day":
      caps.paper.max_orders_per_day = RULE.perDay;
      break;
    case "pc_value":
      caps.paper.max_notional = String(RULE.value);
  }
  const basedOn = policyInForce(sql, BROKER_ACCOUNT, START)?.hash ?? null;
  const changed = changePolicy(sql, { document: policy, basedOn, signed: true }, START);
  if (!changed.ok) throw new Error(`the policy is not taken at ${changed.detail}`);
  writePrivateJson(configDir, "caps.json", caps);
}
