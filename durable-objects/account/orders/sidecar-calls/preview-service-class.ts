import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { shareOf } from "../../clients/client-share.ts";
import { latestPositions } from "../tables/previews.ts";
import type { InFlight } from "./in-flight.ts";

/** Previews of one client that are served as exits within the window; the others as agents' reads. */
const EXIT_PREVIEWS = 6;
const WINDOW_MS = 60_000;

/**
 * As what a client's preview is served: as an exit where it may be one, by what is known here of the
 * position, and not so often that the word alone could keep a real exit waiting.
 */
export function previewService(
  sql: SqlStorage,
  inFlight: InFlight,
  clientId: string,
  request: PreviewRequest,
  account: string,
  nowMs: number,
): JobService {
  const share = shareOf(clientId);
  if (!mayBeExit(request, () => latestPositions(sql, account))) return { class: "agent", share };
  const before = inFlight.exitPreviews.get(clientId) ?? [];
  const recent = before.filter((at) => at > nowMs - WINDOW_MS);
  if (recent.length >= EXIT_PREVIEWS) return { class: "agent", share };
  inFlight.exitPreviews.set(clientId, [...recent, nowMs]);
  return { class: "exit", share };
}

/** Without a position that is known, any order may be one. */
function mayBeExit(
  request: PreviewRequest,
  positions: () => readonly PositionFact[] | null,
): boolean {
  if (request.kind === "cancel") return true;
  if (request.kind !== "order") return false;
  const { conid, side } = request.order;
  const known = positions();
  if (known === null) return true;
  return known.some(
    (held) =>
      (conid === undefined || held.conid === conid) &&
      (side === "SELL" ? dec(held.quantity).greaterThan(0) : dec(held.quantity).lessThan(0)),
  );
}
