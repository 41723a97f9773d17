import {
  approvedHash,
  type Choice,
} from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import {
  type Envelope,
  envelopeSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import type { ApprovalMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import type { approverAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type { OperationInput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { PageServiceParts } from "../../sidecar/src/orders/approval-page/page-service-parts.ts";
import { memorySigningKey } from "../../sidecar/src/trust/pc-keys/statement-and-witness-keys.ts";
import { findEnvelope } from "../../sidecar/src/trust/tables/approver-envelopes.ts";
import { enrolApprover } from "../../sidecar/src/trust/tables/approvers.ts";
import { aMandate, anOrder, aTicket } from "./orders.ts";
import { pcOrders } from "./pc-orders.ts";
import { type Ceremony, softwareAuthenticator } from "./software-authenticator.ts";

type Asked = OperationInput<typeof approverAsk>;

const ORIGIN = "http://localhost:41234";
export const AT_PAGE = { rpId: "localhost", origin: ORIGIN };
export const ACTS = ["order", "mandate", "lift_kill_switch", "loosen_policy"] as const;

/** A real broker's PC with its parts of the owner's own page, and a passkey for that page. */
export function approvalPagePc() {
  const pc = pcOrders({ source: "client_portal" });
  const own = softwareAuthenticator();
  const parts: PageServiceParts = { ...pc.submit, ticketKey: memorySigningKey() };
  const gateway_account_id = pc.options.gatewayAccountId;
  const inMs = (ms: number) => new Date(pc.clock.now() + ms).toISOString();
  return {
    pc,
    own,
    parts,
    inMs,
    enrol: () =>
      enrolApprover(
        pc.store.db,
        {
          ...own,
          label: "this PC",
          enrolledBy: "terminal",
          own: { via: "loopback", relyingParty: { id: "localhost", origins: [ORIGIN] } },
        },
        1,
      ),
    /** Keeps a preview `pv_1` of this PC's own. */
    preview(over: Partial<Ticket> = {}, order: CanonicalOrder = anOrder()): Ticket {
      const ticket = aTicket(order, over);
      const kept = { ticket, generation: 1, echo: null, madeAt: pc.clock.now(), usage: null };
      pc.store.keepPreview("pv_1", kept);
      return ticket;
    },
    /** What the gateway wants asked, one of each act; the order is that of `pv_1`. */
    asked(
      act: Asked["act"],
      { not_after = inMs(300_000), owner = gateway_account_id, tier = 1 as 1 | 2 } = {},
    ): Asked {
      const of = { gateway_account_id: owner };
      const policy_hash = "a".repeat(64);
      switch (act) {
        case "order":
          return { act, preview_id: "pv_1", tier, policy_version: 1, policy_hash, not_after };
        case "mandate":
          return { act, mandate: aMandate(of), not_after };
        case "lift_kill_switch":
          return { act, lift: { ...of, scope: "gateway", subject: null, epoch: 3 }, not_after };
        case "loosen_policy": {
          const hashes = { from_hash: null, to_hash: "c".repeat(64), to_version: 2 };
          const change = { ...of, broker_account_id: "DU1234567", ...hashes };
          return { act, change, loosened: ["at most 500 USD an order, before 200"], not_after };
        }
      }
    },
    /** What this PC keeps under the hash that asking gave. */
    kept(ticketSha256: string | null): Envelope {
      const found = ticketSha256 === null ? null : findEnvelope(pc.store.db, ticketSha256);
      if (found === null) throw new Error("nothing was asked");
      return found.envelope;
    },
    /** A yes of the page's passkey; `signs` is what its signature is over, where that is another choice. */
    yes(
      envelope: Envelope,
      over: Partial<Choice> & { by?: typeof own; at?: Partial<Ceremony>; signs?: Choice } = {},
    ): ApprovalMessage {
      const { by = own, at = AT_PAGE, signs, ...rest } = over;
      const { nonce, accepted_warnings } = {
        nonce: "9".repeat(32),
        accepted_warnings: [],
        ...rest,
      };
      const choice = { nonce, accepted_warnings: [...accepted_warnings] };
      return {
        v: 1,
        kind: "approval",
        ticket_sha256: envelopeSha256(envelope),
        ...choice,
        assertion: by.approve(approvedHash(envelope, signs ?? choice), at),
      };
    },
  };
}
export type ApprovalPagePc = ReturnType<typeof approvalPagePc>;
