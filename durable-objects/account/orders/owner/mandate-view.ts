import { neverByDefault } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import type { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { countPasskeys } from "../../access/tables/passkeys.ts";
import { CLIENTS_TO_CHOOSE } from "../../clients/list-clients.ts";
import { listedClients } from "../../clients/tables/clients.ts";
import type { MandateChoices, MandateView } from "../../rpc/mandate-views.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { mandateUsage } from "../rules/mandates/mandate-usage.ts";
import { isUntold } from "../tables/mandate-pcs.ts";
import { listMandates, type SignedMandate } from "../tables/mandates.ts";
import { accountsWithPolicy, policyInForce } from "../tables/policies.ts";
import { latestTickets } from "../tables/previews.ts";

/** What the owner's pages show of mandates: how each stands, and what one can be made of. */
const LISTED = 50;

export function mandateViews(parts: OrderParts): MandateView[] {
  return listMandates(parts.storage.sql, LISTED, parts.now()).map((signed) =>
    viewOf(parts, signed),
  );
}

function viewOf(parts: OrderParts, signed: SignedMandate): MandateView {
  const { sql } = parts.storage;
  const { mandate, pc } = signed;
  return {
    mandateId: mandate.mandate_id,
    mandate,
    signedAt: iso(signed.signedAt),
    state: stateOf(parts, signed),
    revokedAt: signed.revokedAt === null ? null : iso(signed.revokedAt),
    revokedBy: signed.revokedBy,
    pcWords: pc.words,
    pcUntold: signed.revokedAt !== null && isUntold(sql, mandate.mandate_id),
    usage: mandateUsage(sql, mandate.mandate_id, parts.now(), "orders_only"),
  };
}

function stateOf(
  parts: OrderParts,
  { mandate, revokedAt, pc }: SignedMandate,
): MandateView["state"] {
  if (revokedAt !== null) return "revoked";
  if (parts.now() >= Date.parse(mandate.not_after)) return "over";
  const { sidecarId } = parts.relay.presence();
  // Another PC has to verify it anew, and shows a number of its own.
  if (pc.state === "untold" || (sidecarId !== null && pc.sidecarId !== sidecarId)) {
    return "waits_for_pc";
  }
  if (pc.state === "waiting") return "waits_for_number";
  return pc.state === "confirmed" ? "in_force" : "refused_by_pc";
}

export function mandateChoices(parts: OrderParts): MandateChoices {
  const { sql } = parts.storage;
  const previews = latestTickets(sql, LISTED);
  const contracts = new Map(
    previews.flatMap(({ order }) =>
      order.legs.map(({ contract: { conid, symbol, asset_class, currency } }) => [
        conid,
        { conid, symbol, assetClass: asset_class, currency },
      ]),
    ),
  );
  const warnings = new Map(
    previews
      .flatMap(({ warnings: given }) => given)
      .filter((warning) => warning.message_id !== null && neverByDefault(warning) === null)
      .map((warning): [string, BrokerMessage] => [warning.fingerprint, warning]),
  );
  return {
    accounts: accountChoices(parts),
    clients: listedClients(sql, "active", { after: null, limit: CLIENTS_TO_CHOOSE })
      .filter(({ scopes }) => scopes.includes("ibkr:approvals:create"))
      .map(({ clientId, clientName }) => ({ clientId, name: clientName })),
    contracts: [...contracts.values()].slice(0, 20),
    warnings: [...warnings.values()].slice(0, 20),
    passkeys: countPasskeys(sql),
  };
}

function accountChoices(parts: OrderParts): MandateChoices["accounts"] {
  const { sql } = parts.storage;
  return accountsWithPolicy(sql).flatMap((brokerAccount) => {
    const policy = policyInForce(sql, brokerAccount, parts.now());
    if (policy === null) return [];
    const { mode, tiers } = policy.document;
    return [{ brokerAccount, mode, letIn: tiers.tier_zero === "mandate" }];
  });
}
