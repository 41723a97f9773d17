import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { mandateFaults } from "@ibkr-edge-gateway/protocol/approval/mandate-faults.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import { type Intent, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { wasApproved } from "../tables/approver-envelopes.ts";
import { type Approver, TERMINAL_EDGE } from "../tables/approvers.ts";
import { claimNonce } from "../tables/nonces.ts";
import { insertUnnumberedExit } from "../tables/unnumbered-exits.ts";
import { judgeNumber } from "./approval-number.ts";
import { mandateStands, signedBy } from "./approval-signature.ts";
import { consumed, noSuchPreview, ownIntent, usabilityFaults } from "./approval-still-usable.ts";
import { type CounterVerdict, noteCounter } from "./counters.ts";
import { driftFaults } from "./drift-faults.ts";
import { guessedExitFaults } from "./exit-collar.ts";
import type { PcFacts } from "./pc-facts.ts";
import { ownApproverFaults } from "./probation.ts";
import { tierFaults } from "./tier-faults.ts";

/**
 * The sidecar's own judgement of an approval. The edge sends terms and a signature; the ticket is
 * the one this sidecar made at preview, so that a forged, replayed, swapped or edited approval
 * fails here whatever the edge believes. The nonce and the key's counter are written in one
 * transaction before the caller may act; an approval that was accepted once is spent, also when
 * what follows fails.
 */
export type Accepted =
  | {
      ok: true;
      intent: Intent;
      intentHash: string;
      by: { credentialId: string; tier: Tier };
      /** An exit of an approver on probation, without this PC's number. */
      unnumbered: boolean;
      /** What the key's counter says; anything but `new` is told to the owner. */
      counter: CounterVerdict;
    }
  | { ok: false; refusals: OrderRefusal[] };

export async function acceptApproval(
  db: DatabaseSync,
  proof: ApprovalProof,
  own: PcFacts,
  {
    rehearse = false,
  }: { /** Judge all of it, and leave the approval unused. */ rehearse?: boolean } = {},
): Promise<Accepted> {
  if (own.preview === null) return denied(noSuchPreview());
  const { ticket } = own.preview;
  const intent = ownIntent(proof, own, own.preview);
  const hash = intentHash(intent);

  const faults = [
    ...usabilityFaults(db, proof, own, own.preview.generation),
    ...driftFaults(ticket, own),
    ...tierFaults(proof, own),
  ];
  if (proof.kind === "mandate") {
    const covered = mandateFaults(
      proof.mandate,
      {
        ticket,
        notional: own.notional,
        market: own.market,
        waits: own.waits,
        gatewayAccountId: own.gatewayAccountId,
        clientId: null,
        effect: own.effect,
        acceptedWarnings: proof.accepted_warnings,
      },
      own.mandateUsage(proof.mandate),
      new Date(own.nowMs).toISOString(),
    );
    faults.push(...covered);
  }

  const signed =
    proof.kind === "passkey"
      ? await signedBy(db, hash, proof.assertion, own)
      : mandateStands(db, proof.mandate, own);
  if (!signed.ok) faults.push(signed.refusal);
  else {
    faults.push(...guessedExitFaults(db, proof, ticket, own, signed.key));
    if (proof.kind === "passkey") faults.push(...notTakenOnPage(db, signed.key, hash));
  }
  if (faults.length > 0 || !signed.ok) return { ok: false, refusals: faults };

  const kind = own.effect?.kind ?? null;
  const facts = {
    effect: kind,
    ...(own.effect?.by_last_proof === true && { provedAtMs: Date.parse(own.effect.at) }),
    market: own.market,
    waits: own.waits,
    nowMs: own.nowMs,
  };
  const number = judgeNumber(db, proof, { ...own, preview: own.preview }, signed.key, facts);
  if (!number.ok) {
    // A guess costs the tap that it came with.
    if (number.guess) spend(db, intent, hash, own);
    return denied(number.refusal);
  }
  if (!number.unnumbered && proof.kind === "passkey") {
    const limited = ownApproverFaults(db, signed.key, ticket.order.mode);
    if (limited.length > 0) return denied(...limited);
  }

  const spent = spendOnce(db, { intent, hash, ticket, ...number }, own, signed, rehearse);
  if (!spent.ok) return denied(spent.refusal);
  const tier: Tier = proof.kind === "mandate" ? 0 : proof.tier;
  return {
    ok: true,
    intent,
    intentHash: hash,
    by: { credentialId: signed.key.credentialId, tier },
    unnumbered: number.unnumbered,
    counter: spent.counter,
  };
}

interface Judged {
  intent: Intent;
  hash: string;
  ticket: Ticket;
  unnumbered: boolean;
}

/** What an approval is used up by, in one transaction; what its counter tells, or why it cannot be used. */
function spendOnce(
  db: DatabaseSync,
  { intent, hash, ticket: { order }, unnumbered }: Judged,
  own: PcFacts,
  signed: { key: { credentialId: string }; counter: number | null },
  rehearse: boolean,
): { ok: true; counter: CounterVerdict } | { ok: false; refusal: OrderRefusal } {
  const spent = inTransaction(
    db,
    () => {
      if (!spend(db, intent, hash, own)) return "consumed" as const;
      if (unnumbered) insertUnnumberedExit(db, own.nowMs);
      if (signed.counter === null) return "new" as const;
      const counter = noteCounter(db, signed.key.credentialId, signed.counter, own.nowMs);
      // The nonce makes it one use; what an authenticator counts holds back no exit.
      const reduces = own.effect?.kind === "exit" || order.action === "cancel";
      return counter === "seen" && !reduces ? "regressed" : counter;
    },
    rehearse,
  );
  if (spent === "consumed") return { ok: false, refusal: consumed() };
  if (spent !== "regressed") return { ok: true, counter: spent };
  const message =
    "The passkey's counter was seen before. Somebody may hold a copy of the key: revoke it at the PC if that was not you.";
  const regressed = refusal("APPROVAL_COUNTER_REGRESSED", "counter", "counter_unseen", message);
  return { ok: false, refusal: regressed };
}

/**
 * A yes of the owner's own page places an order only once this PC took it as an answer of that page.
 * Who carries it could else let the PC sign that it was refused, and place the order all the same.
 */
function notTakenOnPage(
  db: DatabaseSync,
  key: Pick<Approver, "kind">,
  hash: string,
): OrderRefusal[] {
  if (key.kind === TERMINAL_EDGE || wasApproved(db, hash)) return [];
  return [
    refusal(
      "APPROVAL_CONSUMED",
      "ticket_sha256",
      "answered_on_page",
      "This PC did not take this answer on the page on which it was asked, so it places nothing. Ask its owner again.",
    ),
  ];
}

function spend(db: DatabaseSync, intent: Intent, hash: string, own: PcFacts): boolean {
  return claimNonce(
    db,
    { nonce: intent.nonce, statementHash: hash, notAfterMs: Date.parse(intent.not_after) },
    own.nowMs,
  );
}

/** @param undo take back what was written, whatever came of it */
function inTransaction<T>(db: DatabaseSync, act: () => T, undo: boolean): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = act();
    db.exec(undo ? "ROLLBACK" : "COMMIT");
    return result;
  } catch (thrown) {
    // A full disk may have ended the transaction by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw thrown;
  }
}

const denied = (...refusals: OrderRefusal[]): Accepted => ({ ok: false, refusals });
