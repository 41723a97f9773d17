import { orderPreview } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { orderChanges } from "@ibkr-edge-gateway/protocol/orders/order-changes.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { provenSkewMs } from "../facts/conditions.ts";
import { type FreshRead, NO_FACTS } from "../facts/fresh-facts.ts";
import type { OrderParts } from "../order-context.ts";
import { requestOf } from "../rules/previews/preview-request.ts";
import type { Preview } from "../tables/previews.ts";
import { askSidecar } from "./ask-sidecar.ts";
import type { InFlight } from "./in-flight.ts";
import { newerRefusal } from "./newer-pc.ts";

/** How much of an answer's time the fresh reads may take; without them nothing is let out. */
const FRESH_MS = 12_000;

/**
 * The numbers a submit is judged by: the market, the account, positions and working orders, read at
 * the sidecar again after the preview. The order read about is the one that was previewed; should
 * the sidecar understand it otherwise by now, nothing is sent, and what changed is said. Parallel
 * submits of one order share one read.
 */
export function freshFacts(
  parts: OrderParts,
  inFlight: InFlight,
  preview: Preview,
  /** Absent where an order is to go out, which is served as what it is; such a read waits for no other. */
  service?: JobService,
): Promise<FreshRead> {
  const slot = service === undefined ? preview.previewId : `${preview.previewId} ${service.class}`;
  const known = inFlight.reads.get(slot);
  if (known !== undefined) return known;
  const read = readFacts(parts, preview, service).finally(() => {
    inFlight.reads.delete(slot);
  });
  inFlight.reads.set(slot, read);
  return read;
}

async function readFacts(
  parts: OrderParts,
  preview: Preview,
  service?: JobService,
): Promise<FreshRead> {
  const { order } = preview.ticket;
  const answer = await askSidecar(
    parts,
    orderPreview,
    { account_id: preview.brokerAccount, request: requestOf(order) },
    {
      scope: "ibkr:orders:preview",
      account: preview.brokerAccount,
      deadlineMs: FRESH_MS,
      service: service ?? { class: preview.facts.effect?.kind === "exit" ? "exit" : "entry" },
    },
  );
  if (!answer.ok) return withoutReading(preview, answer);
  const { value } = answer;
  const newer = newerRefusal(answer);
  if (newer !== null) return { ok: false, failure: newer };
  if (value.outcome !== "ticket") {
    const why = value.refusals.map(({ message }) => message).join(" ");
    return {
      ok: false,
      changed: `At the preview the PC took this order; now it refuses it: ${why.slice(0, 600)}`,
    };
  }
  if (economicHash(value.ticket.order) !== preview.economicHash) {
    const changes = orderChanges(order, value.ticket.order).join("; ");
    return {
      ok: false,
      changed: `The PC understands the order otherwise by now: ${changes}. Make a new preview.`,
    };
  }
  return {
    ok: true,
    fresh: {
      market: value.ticket.market,
      facts: value.facts,
      skewMs: provenSkewMs(value.ticket.prepared_at, answer.askedAt, answer.heardAt),
      readAtMs: answer.askedAt,
    },
  };
}

/**
 * An exit does not wait for figures that the PC could not read in time: here it is judged by the rest,
 * there by the PC's own reads.
 */
function withoutReading(
  { facts, ticket }: Pick<Preview, "facts" | "ticket">,
  failed: Extract<FreshRead, { failure: unknown }>,
): FreshRead {
  const reduces = ticket.order.reduce_only && facts.effect?.kind === "exit";
  if (!reduces || !failed.failure.retryable) return failed;
  return { ok: true, fresh: { market: null, facts: NO_FACTS, skewMs: null } };
}
