import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { approverAsk } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type { OperationInput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import { countEnvelopes, envelopeAbout } from "../../trust/tables/approver-envelopes.ts";
import { hasOwnApprover } from "../../trust/tables/approvers.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { leastTierOf } from "../submit/local-checks.ts";
import { approvedBefore } from "../submit/one-order-per-preview.ts";
import type { PageServiceParts } from "./page-service-parts.ts";
import { keepSealed } from "./seal-envelope.ts";

/** Far above what a gateway asks; it bounds what one in other hands makes this PC sign and keep. */
const ASKED_AN_HOUR = 1_000;
const HOUR_MS = 60 * 60_000;

/**
 * Puts what the gateway wants its owner to be asked on the owner's own page: from this PC's own
 * record, signed. Null where there is no such page, or nothing of this PC's to ask about.
 */
export async function askOwner(
  parts: PageServiceParts,
  input: OperationInput<typeof approverAsk>,
): Promise<string | null> {
  const { store, clock } = parts;
  const nowMs = clock.now();
  const notAfterMs = Math.min(Date.parse(input.not_after), nowMs + ORDER_LIMITS.previewKeptMs);
  if (!hasOwnApprover(store.db) || !(nowMs < notAfterMs)) return null;
  const asked = countEnvelopes(store.db, nowMs - HOUR_MS);
  if (asked >= (reduces(parts, input) ? 2 : 1) * ASKED_AN_HOUR) return null;
  switch (input.act) {
    case "order":
      return askAboutOrder(parts, input);
    case "mandate": {
      const { mandate } = input;
      if (mandate.gateway_account_id !== parts.gatewayAccountId) return null;
      const about = `mandate ${mandateHash(mandate)} ${input.not_after}`;
      const body = { mandate, mode: mandate.mode, number_needed: false };
      return keepSealed(parts, { act: "mandate", about, body, notAfterMs }, nowMs);
    }
    case "lift_kill_switch": {
      const { lift } = input;
      if (lift.gateway_account_id !== parts.gatewayAccountId) return null;
      // Asked again after its end it is another request.
      const about = `lift ${digestOf("about", { ...lift, not_after: input.not_after })}`;
      const body = { lift, number_needed: false };
      return keepSealed(parts, { act: "lift_kill_switch", about, body, notAfterMs }, nowMs);
    }
    case "loosen_policy": {
      const { change, loosened } = input;
      if (change.gateway_account_id !== parts.gatewayAccountId) return null;
      const about = `policy ${digestOf("about", { ...change, not_after: input.not_after })}`;
      const body = { change, loosened, number_needed: false };
      return keepSealed(parts, { act: "loosen_policy", about, body, notAfterMs }, nowMs);
    }
  }
}

/** What cancels or only reduces has room of its own. */
function reduces(
  { store, clock }: Pick<PageServiceParts, "store" | "clock">,
  input: OperationInput<typeof approverAsk>,
): boolean {
  const order =
    input.act === "order" ? store.preview(input.preview_id, clock.now())?.ticket.order : undefined;
  return order !== undefined && (order.reduce_only || order.action === "cancel");
}

/** The end is the gateway's own to the millisecond: both make the intent with it. */
async function askAboutOrder(
  parts: PageServiceParts,
  input: Extract<OperationInput<typeof approverAsk>, { act: "order" }>,
): Promise<string | null> {
  const { store, rules, clock } = parts;
  const nowMs = clock.now();
  const preview = store.preview(input.preview_id, nowMs);
  if (preview === null) return null;
  // Brought again it is the same request, also once it was answered; another one is not asked.
  const about = `order ${input.preview_id} ${input.policy_hash} ${input.not_after}`;
  const again = envelopeAbout(store.db, about);
  if (again === null && approvedBefore(store, input.preview_id, nowMs).length > 0) return null;
  const { ticket, generation } = preview;
  const { order } = ticket;
  const least = leastTierOf(rules, order, { notional: ticket.notional });
  return keepSealed(
    parts,
    {
      act: "order",
      // Asked for again after its end it is another request, and has another one.
      about,
      body: {
        ticket,
        generation,
        preview_id: input.preview_id,
        policy_version: input.policy_version,
        policy_hash: input.policy_hash,
        accepted_warnings: ticket.warnings.map(({ message_id, fingerprint }) => ({
          message_id,
          fingerprint,
        })),
        mode: order.mode,
        tier: input.tier === 2 || least === 2 ? 2 : 1,
        number_needed: false,
      },
      notAfterMs: Date.parse(input.not_after),
    },
    nowMs,
  );
}

/** The broker's open question on the owner's own page, with the order that it is about. */
export async function askTheQuestion(parts: PageServiceParts): Promise<void> {
  const { store, clock, conversation } = parts;
  const waiting = conversation.waiting();
  if (waiting === null || !hasOwnApprover(store.db)) return;
  const record = store.intent(waiting.coid);
  const question = record?.question ?? null;
  if (record === null || question === null || question.reply_id !== waiting.replyId) return;
  const { coid, intent_hash, ticket } = record;
  const { reply_id, messages } = question;
  const body = {
    ...{ intent_hash, coid, reply_id, messages, ticket },
    mode: ticket.order.mode,
    number_needed: false,
  };
  const asked = {
    act: "question" as const,
    about: `question ${coid} ${reply_id}`,
    body,
    notAfterMs: Date.parse(question.lapses_at),
  };
  await keepSealed(parts, asked, clock.now());
}
