import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { PreviewOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  putBack,
  type Unknown,
} from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";

/** A preview's answer, and what of it this gateway does not know. */
interface ToldPreview {
  value: PreviewOutcome;
  unknown: readonly Unknown[];
}

/**
 * A PC that is newer than its gateway says more of an order than the owner's page can show. Nobody is
 * asked to approve an entry of which something is not shown. What only takes risk away passes: its
 * ticket is carried whole, so that what the owner signs is what the PC made.
 */
export function newerRefusal({ value, unknown }: ToldPreview): GatewayFailure | null {
  if (unknown.length === 0 || value.outcome !== "ticket") return null;
  const { facts, ticket } = value;
  if (ticket.order.action === "cancel" || facts.effect?.kind === "exit") return null;
  return failure(
    "SIDECAR_CAPABILITY_MISSING",
    "The PC is newer than the gateway and says something of this order that the gateway does not know. No order that opens or changes a position is prepared until both are of one version; reads, exits and cancels go on. Nothing was sent.",
    { user_action: "Update the gateway: in its folder, npm run deploy." },
  );
}

/** The answer with the whole of its ticket, and a note where it holds more than is shown. */
export function withAllOfTicket({ value, unknown }: ToldPreview): PreviewOutcome {
  const ofTicket = unknown.filter(({ path }) => path[0] === "ticket");
  if (value.outcome !== "ticket" || ofTicket.length === 0) return value;
  putBack(value, ofTicket);
  return { ...value, notes: [...value.notes, NOT_SHOWN] };
}

const NOT_SHOWN =
  "The PC is newer than the gateway: its ticket holds more than is shown here. The order only takes risk away, so that it passes. Update the gateway: npm run deploy.";
