import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Asker, OrderParts } from "../order-context.ts";
import { refusedWith, type Written } from "../rules/submits/submit-response.ts";

/** Whose write it was. */
type RefusedWrite = { accountId: string; previewId: string };

/** No order without its leaf, and no refusal without its own. */
export function refusedAndLogged(
  parts: OrderParts,
  asker: Asker,
  request: RefusedWrite,
  refusals: OrderRefusal[],
): Written {
  logRefusal(parts, asker, request, refusals);
  return refusedWith(request.accountId, refusals);
}

export function logRefusal(
  parts: OrderParts,
  asker: Asker,
  { accountId, previewId }: RefusedWrite,
  refusals: readonly OrderRefusal[],
): void {
  const codes = refusals.map(({ code }) => code).join(",");
  logRefused(parts, asker, accountId, refusals, { at: "submit", preview_id: previewId, codes });
}

/** The leaf of a refusal, whatever was asked for. */
export function logRefused(
  parts: OrderParts,
  asker: Asker,
  brokerAccount: string,
  refusals: readonly OrderRefusal[],
  meta: Record<string, string>,
): void {
  parts.log({
    type: "order.refused",
    kind: asker.kind,
    clientId: asker.kind === "agent" ? asker.clientId : null,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId: asker.requestId,
    meta,
  });
}
