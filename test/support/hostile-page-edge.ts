import { randomBytes } from "node:crypto";
import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import {
  type Envelope,
  envelopeSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  enrolmentCodeOf,
  type PageSettings,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { AcceptedWarning } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { approveEnvelope, enrol } from "../../sidecar/approval-page/ceremony.ts";
import {
  type Answered,
  type Kept,
  NOTHING_KEPT,
  withAnswered,
} from "../../sidecar/approval-page/kept-in-browser.ts";
import { readPending, type Waiting } from "../../sidecar/approval-page/read-pending.ts";
import { createPageService } from "../../sidecar/src/orders/approval-page/page-service.ts";
import {
  type ActOn,
  type Submitted,
  ticketKeyText,
} from "../../sidecar/src/orders/approval-page/page-service-parts.ts";
import { acceptEnrolment } from "../../sidecar/src/trust/enrolment/accept-enrolment.ts";
import { memorySigningKey } from "../../sidecar/src/trust/pc-keys/statement-and-witness-keys.ts";
import { beginEnrolment } from "../../sidecar/src/trust/tables/enrolments.ts";
import { acceptApproval } from "../../sidecar/src/trust/verify/accept-approval.ts";
import { type SomePhone, somePhone } from "./approver-phone.ts";
import { anOrder, aTicket } from "./orders.ts";
import { pcOrders } from "./pc-orders.ts";
import type { Overrides } from "./software-passkey.ts";

/**
 * An edge in an attacker's hands between the owner's own page and the PC. Page and PC are the product's
 * own code; whatever passes between them is the attacker's to read, change, hold back and repeat, and
 * so is everything else that a gateway may ask of a PC. An order counts where the PC's own acceptance
 * lets it out.
 */
export const PAGE_ORIGIN = "https://approver.example";
const PLACE = { rpId: "approver.example", origin: PAGE_ORIGIN };

export interface Order {
  intentHash: string;
  previewId: string;
}

export async function hostilePageEdge() {
  const pc = pcOrders({ source: "client_portal" });
  const { db } = pc.store;
  const ticketKey = memorySigningKey();
  const told: ActOn[] = [];
  const page = createPageService({
    ...pc.submit,
    ticketKey,
    hostedFault: () => null,
    tellGateway: (_ticketSha256, actOn) => void told.push(actOn),
    tellEnrolled: () => undefined,
  });
  const settings: PageSettings = {
    v: 1,
    edge: "https://gateway.example",
    gateway_account_id: pc.options.gatewayAccountId,
    sidecar_id: pc.options.sidecarId,
    pc_key: ticketKeyText(ticketKey),
    pc_name: "study",
  };
  // Synced passkeys do not count, so that no counter helps against a repeated yes.
  const phone = somePhone(PAGE_ORIGIN, { counter: 0 });
  const parts = (of: SomePhone) => ({ ...of, settings, place: PLACE });
  const submit = async (message: unknown): Promise<Submitted | null> => {
    const read = PageMessage.safeParse(message);
    return read.success ? page.submit(read.data, "qr") : null;
  };
  const begin = () => {
    const code = enrolmentCodeOf(
      new Uint8Array(randomBytes(11)),
      Math.floor(pc.clock.now() / 1_000) + 300,
    );
    const place = { via: "qr", origin: PAGE_ORIGIN, rpId: PLACE.rpId, label: "x" } as const;
    beginEnrolment(db, { ...place, code }, pc.clock.now());
    return code;
  };
  const enrolled = await enrol(parts(phone), begin(), null);
  const taken = await submit(enrolled.message);
  if (taken?.accepted !== true || !acceptEnrolment(db, pc.clock.now())) {
    throw new Error("the owner's own phone was not enrolled");
  }

  /** What the owner's passkey signed on the owner's page, each good for one order. */
  const taps = new Set<string>();
  const orders: Order[] = [];
  let kept: Kept = NOTHING_KEPT;
  let serial = 0;

  return {
    pc,
    page,
    settings,
    phone,
    orders,
    /** Orders that no tap of the owner's covers, or a second one under the same tap. */
    stolen(): Order[] {
      const left = new Set(taps);
      return orders.filter(({ intentHash }) => !left.delete(intentHash));
    },
    kept: () => kept,
    keep: (edit: (before: Kept) => Kept): void => {
      kept = edit(kept);
    },
    /** The attacker lets the PC prepare and ask about an order; the envelope that the PC signs. */
    async ask(
      order: Partial<CanonicalOrder> = {},
      over: { warnings?: BrokerMessage[]; policyHash?: string } = {},
    ): Promise<Extract<Envelope, { act: "order" }>> {
      serial += 1;
      const preview_id = `pv_${serial}`;
      pc.store.keepPreview(preview_id, {
        ticket: aTicket(anOrder(order), { warnings: over.warnings ?? [] }),
        generation: 1,
        echo: 4_711,
        madeAt: pc.clock.now(),
        usage: null,
      });
      const sha256 = await page.ask({
        act: "order",
        preview_id,
        tier: 1,
        policy_version: 1,
        policy_hash: over.policyHash ?? "a".repeat(64),
        not_after: new Date(pc.clock.now() + 300_000).toISOString(),
      });
      const found = (await page.pending()).find(
        ({ act, body }) => act === "order" && body.preview_id === preview_id,
      );
      if (sha256 === null || found?.act !== "order") throw new Error("the PC asked nothing");
      return found;
    },
    /** Nothing waits any more. */
    async clear(): Promise<void> {
      for (const envelope of await page.pending()) {
        await page.submit({ v: 1, kind: "denial", ticket_sha256: envelopeSha256(envelope) }, "qr");
      }
    },
    /** What the owner's page shows of what the attacker hands it. */
    async shows(...envelopes: unknown[]): Promise<Waiting[]> {
      return (await readPending(envelopes, settings, pc.clock.now())).waiting;
    },
    /** The owner says yes to what the page shows. */
    async tap(
      waiting: Waiting,
      acceptedWarnings: readonly AcceptedWarning[] = [],
    ): Promise<{ message: Extract<PageMessage, { kind: "approval" }>; answered: Answered }> {
      const made = await approveEnvelope(parts(phone), waiting, {
        credentialId: phone.passkey.credentialId,
        acceptedWarnings,
        number: null,
        nowMs: pc.clock.now(),
      });
      kept = withAnswered(kept, made.answered);
      if (waiting.envelope.act === "order") taps.add(made.answered.signed_sha256);
      return made;
    },
    /** Somebody's page that is no page of the owner's: another origin, a frame, another key. */
    async tapElsewhere(waiting: Waiting, of: SomePhone) {
      const elsewhere = { ...parts(of), place: PLACE };
      return approveEnvelope(elsewhere, waiting, {
        credentialId: null,
        acceptedWarnings: [],
        number: null,
        nowMs: pc.clock.now(),
      });
    },
    attacker: (over: Overrides = {}, origin = PAGE_ORIGIN) =>
      somePhone(origin, { counter: 0, ...over }),
    submit,
    begin,
    /** A registration by the attacker's own phone, sealed with whatever it has. */
    plant: (of: SomePhone, code: ReturnType<typeof begin>) => enrol(parts(of), code, null),
    /** `order.place`: the PC's own judgement of a proof, as the last thing before an order leaves. */
    async place(proof: PasskeyProof): Promise<boolean> {
      const preview = pc.store.preview(proof.preview_id, pc.clock.now());
      const accepted = await acceptApproval(db, proof, {
        gatewayAccountId: pc.options.gatewayAccountId,
        sidecarId: pc.options.sidecarId,
        generation: 1,
        preview,
        market: preview?.ticket.market ?? null,
        waits: false,
        effect: {
          kind: "entry",
          position: "0",
          working_same_side: "0",
          at: new Date(pc.clock.now()).toISOString(),
        },
        notional: preview?.ticket.notional ?? null,
        leastTier: 1,
        maxDriftBps: "100",
        mandatesAllowed: true,
        mandateUsage: () => ({ orders_today: 0, notional_today: "0" }),
        relyingParty: pc.options.relyingParty,
        simulator: false,
        nowMs: pc.clock.now(),
      });
      if (accepted.ok) {
        orders.push({ intentHash: accepted.intentHash, previewId: proof.preview_id });
      }
      return accepted.ok;
    },
  };
}

export type HostilePageEdge = Awaited<ReturnType<typeof hostilePageEdge>>;
