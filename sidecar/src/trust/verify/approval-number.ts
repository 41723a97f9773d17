import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { TERMINAL_EDGE } from "../tables/approvers.ts";
import type { Guessed } from "../tables/wrong-number-times.ts";
import type { PcFacts } from "./pc-facts.ts";
import { type ExitFacts, isOnProbation, type Signer, unnumberedFault } from "./probation.ts";
import { noteWrongNumber, numbersLocked, triesLeft } from "./shown-numbers.ts";

/** The number beside an approval, which this PC showed and the edge never saw. */

/**
 * Whether it is asked for. A key of the gateway's own pages is on probation and wants it of
 * everything; at the simulator, where that is waived, from tier 2 on. A key of a page that the gateway
 * does not serve needs none.
 */
export const needsNumber = (
  proof: ApprovalProof,
  own: Pick<PcFacts, "leastTier" | "simulator">,
  key: Signer,
): boolean =>
  proof.kind === "passkey" &&
  key.kind === TERMINAL_EDGE &&
  (isOnProbation(key, own.simulator) || proof.tier === 2 || own.leastTier === 2);

/** By this PC's own finding; what the ticket asks for chooses nothing. */
export const guessedOf = ({ order }: Ticket, effect: Effect["kind"] | null): Guessed =>
  effect === "exit" && order.action === "place" ? "exit" : "other";

export type NumberVerdict =
  | { ok: true; unnumbered: boolean; triesLeft: number | null }
  /** `guess`: a wrong number came; it is counted already. */
  | { ok: false; refusal: OrderRefusal; guess: boolean; triesLeft: number };

/**
 * Judged last and only behind a valid signature: who has none learns nothing and spends no try. That
 * no number came is no guess: it costs nothing, and is enough for an exit near the market.
 */
export function judgeNumber(
  db: DatabaseSync,
  proof: ApprovalProof,
  own: Pick<PcFacts, "leastTier" | "simulator"> & {
    preview: { ticket: Ticket; echo: number | null };
  },
  key: Signer,
  facts: ExitFacts,
): NumberVerdict {
  if (proof.kind !== "passkey" || !needsNumber(proof, own, key)) {
    return { ok: true, unnumbered: false, triesLeft: null };
  }
  const { ticket, echo } = own.preview;
  const no = (fault: OrderRefusal, left: number, guess = false): NumberVerdict => ({
    ok: false,
    refusal: fault,
    guess,
    triesLeft: left,
  });
  if (proof.echo === null) {
    const fault = unnumberedFault(db, ticket, facts);
    if (fault === null) return { ok: true, unnumbered: true, triesLeft: null };
    return no(missingNumber(facts.effect === "exit" ? fault : ""), triesLeft(db, proof.preview_id));
  }
  if (numbersLocked(db, facts.nowMs)) return no(locked(), 0);
  const left = triesLeft(db, proof.preview_id);
  if (echo !== null && proof.echo === echo && left > 0) {
    return { ok: true, unnumbered: false, triesLeft: left };
  }
  const of = guessedOf(ticket, facts.effect);
  const after = noteWrongNumber(db, proof.preview_id, of, facts.nowMs);
  return no(wrongNumber(after), after, true);
}

const missingNumber = (why: string): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "echo",
    "number_shown_at_pc",
    `A passkey of the gateway's pages approves only with the number that your PC shows for this order (\`${sidecarCommand("requests")}\`). ${why}`.trim(),
  );

const wrongNumber = (left: number): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "echo",
    left > 0 ? "number_shown_at_pc" : "few_tries",
    left > 0
      ? "The number does not match the one shown at the PC."
      : "The number was not the one shown at the PC, and each order has one try; let the agent prepare it anew.",
  );

const locked = (): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "echo",
    "few_tries",
    `Too many wrong numbers came; none is taken any more. At the PC run \`${sidecarCommand("requests unlock")}\`.`,
  );
