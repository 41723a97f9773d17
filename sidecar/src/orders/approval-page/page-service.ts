import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { APPROVER_LIMITS } from "@ibkr-edge-gateway/protocol/approval-page/approver-limits.ts";
import {
  ACCEPTED_CODES,
  type Receipt,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import type { PendingAnswer } from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import type { PageMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import type { approverAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type { OperationInput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import {
  answerEnvelope,
  findEnvelope,
  hasOlderEnvelope,
  type KeptEnvelope,
  olderWaits,
  openEnvelopes,
} from "../../trust/tables/approver-envelopes.ts";
import { countRefused } from "../../trust/tables/approver-receipts.ts";
import { claimNonce } from "../../trust/tables/nonces.ts";
import { approvedBefore } from "../submit/one-order-per-preview.ts";
import { askOwner, askTheQuestion } from "./ask-on-page.ts";
import { noteResult, noticeSilence, resumeSilence } from "./gateway-result.ts";
import { judgeApproval } from "./judge-page-approval.ts";
import { currentReceipts, giveReceipt } from "./page-receipts.ts";
import type { ActOn, Enrolled, PageServiceParts, Submitted, Via } from "./page-service-parts.ts";
import { receiveEnrolment } from "./receive-page-enrolment.ts";

/**
 * The owner's own page, as this PC serves it: what waits, the answers, and what became of them. The
 * same over loopback and through the gateway, which carries bytes.
 */
export interface PageService {
  ask(input: OperationInput<typeof approverAsk>): Promise<string | null>;
  pending(): Promise<Envelope[]>;
  /** Whether something waits that a version before asked, and that this one cannot show. */
  olderWaits(): boolean;
  submit(message: PageMessage, via: Via): Promise<Submitted>;
  receipts(): Promise<Receipt[]>;
  /** What the gateway did about an answer: its code where it refused; false where none waits for that. */
  heardResult(ticketSha256: string, refusedCode: string | null): Promise<boolean>;
}

/** What waits, as a page is handed it: with a mark where something has to be asked again. */
export async function pendingForPage(
  page: Pick<PageService, "pending" | "olderWaits">,
): Promise<PendingAnswer["envelopes"]> {
  const open = await page.pending();
  return page.olderWaits()
    ? [{ older: true }, ...open.slice(0, APPROVER_LIMITS.pendingMax - 1)]
    : open;
}

export function createPageService(
  parts: PageServiceParts & {
    /** Why no answer of the hosted page at which this key lives is taken now; null when it is. */
    hostedFault(credentialId: string): OrderRefusal | null;
    /** Tells the gateway what to do about an answer that came over loopback. */
    tellGateway(ticketSha256: string, actOn: ActOn): void;
    /** Tells it of a new approver, for the log. */
    tellEnrolled(enrolled: Enrolled): void;
  },
): PageService {
  const { store, clock } = parts;
  resumeSilence(parts);
  return {
    ask: (input) => askOwner(parts, input),
    async pending() {
      // A question that has no form here keeps nothing else from being shown; its patience ends it.
      await askTheQuestion(parts).catch(() => undefined);
      const open = openEnvelopes(store.db, clock.now(), APPROVER_LIMITS.pendingMax).filter(
        (kept) => secondFaults(parts, kept).length === 0,
      );
      return within(
        open.map(({ envelope }) => envelope),
        APPROVER_LIMITS.pendingMaxBytes,
      );
    },
    olderWaits: () => olderWaits(store.db, clock.now(), APPROVER_LIMITS.pendingMax),
    receipts: () => currentReceipts(parts),
    heardResult: (ticketSha256, refusedCode) => noteResult(parts, ticketSha256, refusedCode),
    async submit(message, via) {
      if (message.kind === "enrolment") return receiveEnrolment(parts, message, via);
      const kept = findEnvelope(store.db, message.ticket_sha256);
      if (kept !== null && message.kind === "approval" && isSameYes(kept, message)) {
        return sayAgain(parts, kept, message, via);
      }
      const faults = openFaults(kept, clock.now());
      if (kept === null && hasOlderEnvelope(store.db, message.ticket_sha256)) {
        return refused([ofVersionBefore()]);
      }
      if (kept === null || faults.length > 0) return refused(faults);
      if (message.kind === "denial") return deny(parts, kept, via);
      const fault = via === "qr" ? parts.hostedFault(message.assertion.id) : null;
      return fault === null ? approve(parts, kept, message, via) : refused([fault]);
    },
  };
}

/** The first of them that fit; the rest is handed out once there is room. */
function within(envelopes: readonly Envelope[], bytes: number): Envelope[] {
  let left = bytes;
  const fitting = envelopes.findIndex((envelope) => {
    left -= Buffer.byteLength(JSON.stringify(envelope)) + 1;
    return left < 0;
  });
  return fitting === -1 ? [...envelopes] : envelopes.slice(0, Math.max(1, fitting));
}

type Told = Parameters<typeof createPageService>[0];

async function approve(
  parts: Told,
  kept: KeptEnvelope,
  message: Extract<PageMessage, { kind: "approval" }>,
  via: Via,
): Promise<Submitted> {
  const { envelope, ticketSha256 } = kept;
  // Two requests about one preview may wait side by side; the first yes is the one.
  const second = secondFaults(parts, kept);
  if (second.length > 0) return refused(second);
  const judged = await judgeApproval(parts, envelope, message);
  const signedSha256 = approvedHash(envelope, message);
  const named = { ticket_sha256: ticketSha256, intent_hash: signedSha256 };
  if (!judged.ok) {
    // What this PC signs as refused can be used nowhere any more; of what was used it says no such thing.
    if (!spendRefused(parts, kept, message.nonce, signedSha256)) return refused(judged.refusals);
    const code = judged.refusals[0]?.code ?? null;
    const receipt = await giveReceipt(parts, { ...named, coid: null, verdict: "refused", code });
    return { ...refused(judged.refusals), receipt };
  }
  const { coid, actOn, question, enrolled } = judged;
  const meanwhile = secondFaults(parts, kept);
  if (meanwhile.length > 0) return refused(meanwhile);
  const answer = { state: "approved" as const, signedSha256, coid };
  if (!answerEnvelope(parts.store.db, ticketSha256, answer)) return refused([answered()]);
  const code = actOn === null ? ACCEPTED_CODES.atPc : null;
  const receipt = await giveReceipt(parts, { ...named, coid, verdict: "accepted", code });
  if (question !== undefined) {
    void parts.conversation
      .answer(question.coid, question.replyId, { confirm: true, by: "owner" })
      .catch(() => undefined);
  }
  if (enrolled !== undefined) parts.tellEnrolled(enrolled);
  if (via === "loopback" && actOn !== null) parts.tellGateway(ticketSha256, actOn);
  // A mandate is in force without the gateway's word, by whatever way the yes came.
  if (actOn?.act === "mandate" || (via === "loopback" && actOn !== null)) {
    noticeSilence(parts, kept, signedSha256);
  }
  return { accepted: true, refusals: [], receipt, actOn };
}

const secondFaults = ({ store, clock }: Told, { envelope }: KeptEnvelope): OrderRefusal[] =>
  envelope.act === "order" ? approvedBefore(store, envelope.body.preview_id, clock.now()) : [];

/** The very yes to an order that was taken before; another one has another nonce, and another hash. */
const isSameYes = (
  { state, envelope, signedSha256 }: KeptEnvelope,
  message: Extract<PageMessage, { kind: "approval" }>,
): boolean =>
  state === "approved" &&
  envelope.act === "order" &&
  signedSha256 === approvedHash(envelope, message);

/**
 * A yes whose answer was lost comes once more: the gateway is told the same again, and nothing is
 * taken a second time. Where its order is under way already there is nothing left to tell.
 */
async function sayAgain(
  parts: Told,
  { envelope, ticketSha256, coid }: KeptEnvelope,
  message: Extract<PageMessage, { kind: "approval" }>,
  via: Via,
): Promise<Submitted> {
  const taken = { accepted: true, refusals: [], receipt: null };
  if (coid !== null && parts.store.intent(coid) !== null) return { ...taken, actOn: null };
  const fault = via === "qr" ? parts.hostedFault(message.assertion.id) : null;
  if (fault !== null) return refused([fault]);
  const judged = await judgeApproval(parts, envelope, message);
  if (!judged.ok) return refused(judged.refusals);
  if (via === "loopback" && judged.actOn !== null) {
    parts.tellGateway(ticketSha256, judged.actOn);
  }
  return { ...taken, actOn: judged.actOn };
}

/** So many spoiled yeses to one envelope are signed as refused; a flood of them fills no disk and no list. */
const REFUSED_EACH = 5;

/** Spends the nonce of a yes that was refused; false where another answer, or another way, had it. */
function spendRefused(
  { store, clock }: Pick<Told, "store" | "clock">,
  { ticketSha256, notAfterMs }: KeptEnvelope,
  nonce: string,
  statementHash: string,
): boolean {
  if (findEnvelope(store.db, ticketSha256)?.state !== "open") return false;
  // Without a receipt nothing was said of it: the page goes on saying that it may be out.
  if (countRefused(store.db, ticketSha256) >= REFUSED_EACH) return false;
  return claimNonce(store.db, { nonce, statementHash, notAfterMs }, clock.now());
}

/** A no takes no passkey: saying no needs nobody. */
async function deny(
  parts: Told,
  { envelope, ticketSha256 }: KeptEnvelope,
  via: Via,
): Promise<Submitted> {
  const answer = { state: "denied" as const, signedSha256: null, coid: null };
  if (!answerEnvelope(parts.store.db, ticketSha256, answer)) return refused([answered()]);
  if (envelope.act === "question") {
    const { coid, reply_id } = envelope.body;
    await parts.conversation.answer(coid, reply_id, { confirm: false, by: "owner" });
  }
  const actOn: ActOn | null =
    envelope.act === "order" ? { act: "deny_order", preview_id: envelope.body.preview_id } : null;
  if (via === "loopback" && actOn !== null) {
    parts.tellGateway(ticketSha256, actOn);
  }
  return { accepted: true, refusals: [], receipt: null, actOn };
}

function openFaults(kept: KeptEnvelope | null, nowMs: number): OrderRefusal[] {
  if (kept === null) {
    return [
      refusal(
        "APPROVAL_PREVIEW_MISMATCH",
        "ticket_sha256",
        "own_ticket",
        "This PC asked no such thing.",
      ),
    ];
  }
  if (kept.state !== "open") return [answered()];
  return nowMs < kept.notAfterMs
    ? []
    : [refusal("APPROVAL_EXPIRED", "not_after", "not_expired", "The time for an answer is over.")];
}

const ofVersionBefore = (): OrderRefusal =>
  refusal(
    "APPROVAL_EXPIRED",
    "ticket_sha256",
    "form_of_now",
    "This was asked by an older version of your PC's program, which was updated since. Let the agent ask again.",
  );

const answered = (): OrderRefusal =>
  refusal("APPROVAL_CONSUMED", "ticket_sha256", "one_answer", "This was answered before.");

const refused = (refusals: OrderRefusal[]): Submitted => ({
  accepted: false,
  refusals,
  receipt: null,
  actOn: null,
});
