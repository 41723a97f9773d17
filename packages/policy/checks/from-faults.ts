import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { type CheckFinding, fail, OFF, pass, unknown } from "../check.ts";
import type { Figures } from "../figures.ts";

/**
 * The finding for rules that answer with refusals, or with null when they could not be judged. The
 * broker judges these rules itself: an order that only reduces a position is not held back because
 * they could not be read, an order that opens one is.
 */
export function fromFaults(
  faults: OrderRefusal[] | null,
  missing: string,
  asOf: string | null,
  figures: Figures,
): CheckFinding {
  const measured = { source: "sidecar.contract_rules", as_of: asOf };
  if (faults === null) return figures.isEntry ? unknown(missing, measured) : OFF;
  const [first] = faults;
  if (first === undefined) return pass(measured);
  return fail(faults.map((each) => each.message).join(" "), { observed: first.field, ...measured });
}
