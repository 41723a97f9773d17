import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import {
  approvedHash,
  approvedIntent,
  approvedStatement,
} from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import type { ApprovalMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { sameWarning } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { stateEnrolment } from "../../trust/enrolment/accept-enrolment.ts";
import { type Approver, findApprover, TERMINAL_EDGE } from "../../trust/tables/approvers.ts";
import { currentEnrolment, type Enrolment, moveEnrolment } from "../../trust/tables/enrolments.ts";
import { checkApproval } from "../../trust/verify/check-approval.ts";
import { notEnrolled, takeMandate } from "../../trust/verify/take-mandate.ts";
import { verifyBy } from "../../trust/verify/verify-by-approver.ts";
import { dryRunView } from "../approval/approval-dry-run.ts";
import { ownerSigned } from "../approval/owner-signature.ts";

import {
  type ActOn,
  type Enrolled,
  type PageServiceParts,
  ticketKeyText,
} from "./page-service-parts.ts";

/** A yes that holds, and what follows from it; or why it does not. */
export type Judged =
  | {
      ok: true;
      actOn: ActOn | null;
      coid: string | null;
      question?: { coid: string; replyId: string };
      /** The passkey that proved that it works, and so is an approver for good. */
      enrolled?: Enrolled;
    }
  | { ok: false; refusals: OrderRefusal[] };

/**
 * Judges a yes: this PC's own record, the page's nonce, and the approver's own relying party and
 * origins. A passkey of the gateway's pages says nothing here.
 */
export async function judgeApproval(
  parts: PageServiceParts,
  envelope: Envelope,
  message: ApprovalMessage,
): Promise<Judged> {
  const { store, clock } = parts;
  const key = findApprover(store.db, message.assertion.id, parts.simulator);
  if (key === null || key.kind === TERMINAL_EDGE) return no(notEnrolled());
  if (envelope.act !== "order" && message.accepted_warnings.length > 0) return no(notShown());
  switch (envelope.act) {
    case "order":
      return judgeOrder(parts, envelope.body, message);
    case "probe":
      return judgeProbe(parts, envelope, message, key);
    case "mandate":
      return judgeMandate(parts, envelope, message);
    case "question":
    case "lift_kill_switch":
    case "loosen_policy": {
      const statement = approvedStatement(envelope, message);
      if (statement === null) return no(notShown());
      const { refusals } = await ownerSigned(
        {
          ...parts,
          db: store.db,
          nowMs: clock.now(),
          ofExit:
            envelope.act === "question" && store.intent(envelope.body.coid)?.effect === "exit",
        },
        statement,
        { ...message, not_after: envelope.body.not_after },
      );
      if (refusals.length > 0) return { ok: false, refusals };
      if (statement.act === "question" && envelope.act === "question") {
        const { coid, reply_id } = envelope.body;
        return { ok: true, actOn: null, coid, question: { coid, replyId: reply_id } };
      }
      if (statement.act === "lift_kill_switch") {
        return { ok: true, actOn: { act: "lift_kill_switch", lift: statement.lift }, coid: null };
      }
      return statement.act === "loosen_policy"
        ? { ok: true, actOn: { act: "loosen_policy", change: statement.change }, coid: null }
        : no(notShown());
    }
  }
}

async function judgeOrder(
  parts: PageServiceParts,
  body: Extract<Envelope, { act: "order" }>["body"],
  message: ApprovalMessage,
): Promise<Judged> {
  const { store, clock } = parts;
  const nowMs = clock.now();
  const shown = message.accepted_warnings.every((one) =>
    body.accepted_warnings.some((may) => sameWarning(one, may)),
  );
  if (!shown) return no(notShown());
  const { coid, accepted_warnings } = approvedIntent(body, message);
  const approval: PasskeyProof = {
    kind: "passkey",
    preview_id: body.preview_id,
    policy_version: body.policy_version,
    policy_hash: body.policy_hash,
    accepted_warnings,
    nonce: message.nonce,
    not_after: body.not_after,
    tier: body.tier,
    assertion: message.assertion,
    echo: message.number ?? null,
  };
  const view = dryRunView(parts, store.preview(body.preview_id, nowMs), nowMs);
  const { holds, refusals } = await checkApproval(store.db, approval, view);
  return holds ? { ok: true, actOn: { act: "order", approval }, coid } : { ok: false, refusals };
}

async function judgeMandate(
  parts: PageServiceParts,
  envelope: Extract<Envelope, { act: "mandate" }>,
  { nonce, assertion }: ApprovalMessage,
): Promise<Judged> {
  const { store, rules, clock } = parts;
  const mandate = { ...envelope.body.mandate, nonce };
  const caps = rules.caps();
  const taken = await takeMandate(
    store.db,
    { mandate, assertion },
    {
      ...parts,
      mandatesAllowed: caps.ok && caps.caps[mandate.mode].mandates,
      newNumber: parts.echo,
      nowMs: clock.now(),
      answeredOnPage: true,
    },
  );
  if (!taken.ok) return { ok: false, refusals: taken.refusals };
  return { ok: true, actOn: { act: "mandate", mandate_hash: mandateHash(mandate) }, coid: null };
}

/** The first use of a key that was just enrolled: it signs nothing but that. */
async function judgeProbe(
  parts: PageServiceParts,
  envelope: Extract<Envelope, { act: "probe" }>,
  message: ApprovalMessage,
  key: Approver,
): Promise<Judged> {
  const { db } = parts.store;
  const enrolment: Enrolment | null = currentEnrolment(db);
  const asked = envelope.body.credential_id;
  if (asked !== key.credentialId || enrolment?.key?.credentialId !== asked)
    return no(notEnrolled());
  const hash = approvedHash(envelope, message);
  const verdict = await verifyBy(
    db,
    { hash, assertion: message.assertion },
    key,
    parts.relyingParty,
    "The signature does not hold.",
  );
  if (!verdict.ok) return no(verdict.refusal);
  if (!moveEnrolment(db, "accepted", "proved")) return no(notEnrolled());
  const stated = stateEnrolment(db, asked, parts.ticketKey);
  if (stated === null) return no(notEnrolled());
  const { via, origin } = enrolment;
  return {
    ok: true,
    actOn: null,
    coid: null,
    enrolled: {
      ...{ via, origin, statement_sha256: stated.sha256 },
      ...{ pc_key: ticketKeyText(parts.ticketKey), statement: stated.statement },
    },
  };
}

const no = (...refusals: OrderRefusal[]): Judged => ({ ok: false, refusals });

const notShown = (): OrderRefusal =>
  refusal(
    "APPROVAL_PREVIEW_MISMATCH",
    "accepted_warnings",
    "shown_warnings",
    "The answer accepts a warning that was not shown with this order.",
  );
