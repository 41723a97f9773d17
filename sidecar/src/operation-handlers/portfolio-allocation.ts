import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { portfolioAllocation } from "@ibkr-edge-gateway/protocol/operation-schemas/portfolio-allocation.ts";
import { label } from "../client-portal/broker-text.ts";
import { type AllocationSlice, allocationOf } from "../client-portal/endpoints/allocation.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { readPositions } from "./position-rows.ts";
import { resolveAccount } from "./resolve-account.ts";

export const servePortfolioAllocation = serve(portfolioAllocation, async (context, input) => {
  const { accountId, baseCurrency } = await resolveAccount(context, input.account_id);
  const common = { account_id: accountId, currency: baseCurrency };
  try {
    const answer = await context.ask(allocationOf(accountId));
    return {
      ...common,
      asset_class: named(answer.value.assetClass),
      sector: named(answer.value.sector),
      group: named(answer.value.group),
      ...provenance(context, [answer]),
    };
  } catch (error) {
    if (!(error instanceof GatewayError) || !isServerFault(error)) throw error;
    // An account without positions gets a 500 here; only a proved empty list explains it.
    const held = await readPositions(context, accountId, "auto");
    if (!held.proved || held.positions.length > 0) throw error;
    return {
      ...common,
      asset_class: [],
      sector: [],
      group: [],
      ...provenance(context, held.parts, ["Nothing is held, so there is nothing to spread."]),
    };
  }
});

function isServerFault(error: GatewayError): boolean {
  const { code } = error.failure;
  return code === "BROKER_BACKEND_UNAVAILABLE" || code === "BROKER_RESPONSE_INVALID";
}

function named(slices: readonly AllocationSlice[]) {
  return slices.map((slice) => ({
    name: label(slice.name, 100) ?? "(unnamed)",
    long: slice.long,
    short: slice.short,
  }));
}
