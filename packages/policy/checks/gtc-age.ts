import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";

/** Orders that were left working and forgotten are looked at before new ones are added. */
export const gtcAgeCheck: Check = {
  number: 16,
  name: "gtc-age",
  code: "GTC_AGE_EXCEEDED",
  stage: "form",
  scope: "entries",
  means: "No good-till-cancelled order of the gateway's has worked for too long.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.form.gtc_max_days;
    if (limit === null) return OFF;
    const { own_gtc } = snapshot.edge;
    if (own_gtc === null) return unknown("The age of the gateway's GTC orders");
    const oldest = own_gtc.reduce(
      (age, order) => Math.max(age, figures.nowMs - Date.parse(order.placed_at)),
      0,
    );
    return atMost({
      what: "The age of the oldest GTC order in days",
      observed: Number.isFinite(oldest) ? new Decimal(oldest).dividedBy(86_400_000) : null,
      limit,
      source: "gateway.intents",
      as_of: snapshot.now,
    });
  },
};
