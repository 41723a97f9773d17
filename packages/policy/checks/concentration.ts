import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, type CheckFinding, type Context, OFF, unknown } from "../check.ts";
import { percentOf, sizeOf, sumOf } from "../percent.ts";

/** Absolute values: a long and a short of one sector are two exposures to it, not none. */
export const concentrationCheck: Check = {
  number: 42,
  name: "concentration",
  code: "CONCENTRATION_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "No issuer, sector, country or currency takes too much of the account.",
  evaluate(context) {
    const { snapshot, policy, figures } = context;
    const { instrument } = snapshot.facts;
    const { portfolio } = policy;
    const findings = [
      share(context, "issuer", instrument?.issuer ?? null, portfolio.max_issuer_percent),
      share(context, "sector", instrument?.sector ?? null, portfolio.max_sector_percent),
      share(context, "country", instrument?.country ?? null, portfolio.max_country_percent),
      share(context, "currency", figures.leg.contract.currency, portfolio.max_currency_percent),
    ];
    return (
      findings.find(({ outcome }) => outcome === "fail") ??
      findings.find(({ outcome }) => outcome === "unknown") ??
      findings.find(({ outcome }) => outcome === "pass") ??
      OFF
    );
  },
};

type Kind = "issuer" | "sector" | "country" | "currency";

function share(
  { snapshot, figures }: Context,
  kind: Kind,
  value: string | null,
  limit: string | null,
): CheckFinding {
  if (limit === null) return OFF;
  const { positions } = snapshot.facts;
  if (positions === null) return unknown("The positions");
  if (value === null) return unknown(`The contract's ${kind}`);
  const { pending, leg } = figures;
  let held: Decimal | null = pending === null ? null : new Decimal(0);
  for (const position of positions) {
    const other = position[kind];
    // A position of unknown kind may be of this one.
    if (other !== null && other !== value) continue;
    held = sumOf(held, sizeOf(position));
  }
  const kinds = new Map(positions.map((position) => [position.conid, position[kind]]));
  for (const order of pending?.orders ?? []) {
    const other: string | null | undefined =
      order.conid === leg.contract.conid ? value : kinds.get(order.conid);
    // So may an order that works or is on its way.
    if (other !== undefined && other !== null && other !== value) continue;
    held = sumOf(held, order.notional);
  }
  return atMost({
    what: `The ${kind}'s share of the account in percent`,
    observed: percentOf(
      held === null || figures.notional === null ? null : held.plus(figures.notional),
      figures.netLiquidation,
    ),
    limit,
    source: "sidecar.positions",
    as_of: snapshot.facts.account?.at ?? null,
  });
}
