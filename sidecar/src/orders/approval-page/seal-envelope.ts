import {
  Envelope,
  envelopeSha256,
  type Unsigned,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { DOMAINS, signBody } from "@ibkr-edge-gateway/protocol/approval-page/signed-body.ts";
import { envelopeAbout, storeEnvelope } from "../../trust/tables/approver-envelopes.ts";
import { nextStatementSeq } from "../../trust/tables/statement-sequence.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { PageServiceParts } from "./page-service-parts.ts";

type Of<Act extends Unsigned["act"]> = Extract<Unsigned, { act: Act }>["body"];
type Common = "v" | "gateway_account_id" | "sidecar_id" | "issued_at" | "not_after" | "pc_seq";

/** Signs what is asked and keeps it open. What is asked of the same thing again is the same envelope. */
export async function keepSealed<Act extends Unsigned["act"]>(
  parts: Pick<PageServiceParts, "gatewayAccountId" | "sidecarId" | "ticketKey"> & {
    store: Pick<OrderStore, "db">;
  },
  asked: { act: Act; about: string; body: Omit<Of<Act>, Common>; notAfterMs: number },
  nowMs: number,
): Promise<string> {
  const { db } = parts.store;
  const known = envelopeAbout(db, asked.about);
  if (known !== null) return known.ticketSha256;
  const body = {
    ...asked.body,
    v: 1,
    gateway_account_id: parts.gatewayAccountId,
    sidecar_id: parts.sidecarId,
    issued_at: new Date(nowMs).toISOString(),
    not_after: new Date(asked.notAfterMs).toISOString(),
    pc_seq: nextStatementSeq(db),
  };
  const signature = await signBody(DOMAINS[asked.act], body, (message) =>
    Promise.resolve(parts.ticketKey.sign(message)),
  );
  const envelope = Envelope.parse({ act: asked.act, body, signature });
  const ticketSha256 = envelopeSha256(envelope);
  storeEnvelope(
    db,
    { ticketSha256, about: asked.about, envelope, notAfterMs: asked.notAfterMs },
    nowMs,
  );
  // Another may have been first while this one was signed.
  return envelopeAbout(db, asked.about)?.ticketSha256 ?? ticketSha256;
}
