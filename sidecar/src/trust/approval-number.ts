import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { OwnView } from "./own-view.ts";
import { numbersLocked, triesLeft } from "./shown-numbers.ts";
import type { Guessed } from "./tables/wrong-number-times.ts";

/** Tier 2 wants the number that this PC showed and the edge never saw. */
export function echoHolds(
  db: DatabaseSync,
  proof: ApprovalProof,
  own: Pick<OwnView, "leastTier">,
  echo: number | null,
): boolean {
  if (proof.kind !== "passkey" || !needsNumber(proof, own)) return true;
  return echo !== null && proof.echo === echo && triesLeft(db, proof.preview_id) > 0;
}

export const needsNumber = (proof: ApprovalProof, own: Pick<OwnView, "leastTier">): boolean =>
  proof.kind === "passkey" && (proof.tier === 2 || own.leastTier === 2);

/**
 * By this PC's own finding; what the ticket asks for chooses no lock. The gateway's own orders are
 * cancelled without an approval, so that a cancel that comes here is of somebody else's order.
 */
export const guessedOf = ({ order }: Ticket, effect: Effect["kind"] | null): Guessed =>
  effect === "exit" && order.action === "place" ? "exit" : "other";

export const lockedOut = (
  db: DatabaseSync,
  ticket: Ticket,
  effect: Effect["kind"] | null,
  nowMs: number,
): boolean => numbersLocked(db, guessedOf(ticket, effect), nowMs);

export const wrongNumber = (left: number): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "echo",
    left > 0 ? "number_shown_at_pc" : "few_tries",
    left > 0
      ? "The number does not match the one shown at the PC."
      : "Too many wrong numbers came for this order; let the agent prepare it anew.",
  );

export const locked = (): OrderRefusal =>
  refusal(
    "APPROVAL_ECHO_MISMATCH",
    "echo",
    "few_tries",
    `Too many wrong numbers came; none is taken any more. At the PC run \`${sidecarCommand("requests unlock")}\`.`,
  );
