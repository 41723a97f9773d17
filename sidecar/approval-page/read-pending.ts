import {
  Envelope,
  envelopeHolds,
  envelopeSha256,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import type { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { OlderPending } from "@ibkr-edge-gateway/protocol/approval-page/page-answers.ts";
import type { VerifyEd25519 } from "@ibkr-edge-gateway/protocol/approval-page/signed-body.ts";
import { sameWarning } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";

/** One thing that waits, verified. */
export interface Waiting {
  envelope: Envelope;
  /** How it is named. */
  sha256: string;
}

export interface ReadPending {
  waiting: Waiting[];
  /** Signed by another key, for another PC, or contradicting itself: shown to nobody. */
  false: number;
  /** In a form that this page does not know: the PC is newer. */
  unread: number;
  /** Asked by an older version of the PC, before its update: it has to be asked again. */
  older: number;
}

/**
 * What of an answer may be shown: what this page's PC signed for this account, in time, each once: a
 * question of the broker's first, which has less than a minute, then what cancels or only reduces, and
 * of each the oldest first. Everything else is counted and not shown.
 */
export async function readPending(
  envelopes: readonly unknown[],
  settings: PageSettings,
  nowMs: number,
  verify?: VerifyEd25519,
): Promise<ReadPending> {
  const read: ReadPending = { waiting: [], false: 0, unread: 0, older: 0 };
  for (const any of envelopes) {
    if (OlderPending.safeParse(any).success) {
      read.older += 1;
      continue;
    }
    const parsed = Envelope.safeParse(any);
    if (!parsed.success) {
      read.unread += 1;
      continue;
    }
    const envelope = parsed.data;
    if (
      !isConsistent(envelope, settings) ||
      !(await envelopeHolds(envelope, settings.pc_key, verify))
    ) {
      read.false += 1;
      continue;
    }
    const sha256 = envelopeSha256(envelope);
    const over = !(nowMs < Date.parse(envelope.body.not_after));
    if (over || read.waiting.some((one) => one.sha256 === sha256)) continue;
    read.waiting.push({ envelope, sha256 });
  }
  read.waiting.sort(
    (a, b) =>
      rank(a.envelope) - rank(b.envelope) || a.envelope.body.pc_seq - b.envelope.body.pc_seq,
  );
  return read;
}

function rank(envelope: Envelope): number {
  if (envelope.act === "question") return 0;
  if (envelope.act !== "order") return 2;
  const { reduce_only, action } = envelope.body.ticket.order;
  return reduce_only || action === "cancel" ? 1 : 2;
}

function isConsistent(envelope: Envelope, settings: PageSettings): boolean {
  const { body } = envelope;
  if (body.gateway_account_id !== settings.gateway_account_id) return false;
  if (body.sidecar_id !== settings.sidecar_id) return false;
  if (envelope.act === "order") {
    const { ticket, mode, accepted_warnings } = envelope.body;
    return (
      ticket.order.mode === mode &&
      accepted_warnings.every((one) => ticket.warnings.some((shown) => sameWarning(one, shown)))
    );
  }
  if (envelope.act === "question") return envelope.body.ticket.order.mode === envelope.body.mode;
  if (envelope.act === "mandate") {
    const { mandate, mode } = envelope.body;
    return mandate.mode === mode && mandate.gateway_account_id === body.gateway_account_id;
  }
  if (envelope.act === "lift_kill_switch") {
    return envelope.body.lift.gateway_account_id === body.gateway_account_id;
  }
  if (envelope.act === "loosen_policy") {
    return envelope.body.change.gateway_account_id === body.gateway_account_id;
  }
  return true;
}
