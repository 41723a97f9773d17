import type { OrderRefusal } from "../../protocol/orders/refusal.ts";
import { type Finding, fail, pass, unknown } from "../check.ts";

/** The finding for rules that answer with refusals, or with null when they could not be judged. */
export function fromFaults(
  faults: OrderRefusal[] | null,
  missing: string,
  asOf: string | null,
): Finding {
  const measured = { source: "sidecar.contract_rules", as_of: asOf };
  if (faults === null) return unknown(missing, measured);
  const [first] = faults;
  if (first === undefined) return pass(measured);
  return fail(faults.map((each) => each.message).join(" "), { observed: first.field, ...measured });
}
