import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalDecimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { provesOwner, type SignedIn } from "../../access/owner-access.ts";
import type { Decided, Typed } from "../../rpc/order-views.ts";
import type { OrderParts } from "../order-context.ts";
import { obstaclesTo } from "../rules/approvals/obstacles-to-approval.ts";
import { type AtPc, heldAtPc } from "../sidecar-calls/ask-approval-check.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { firstSeen } from "../tables/approval-views.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { sendWish } from "../tables/sends.ts";
import { decideApproval } from "../transactions/decide-approval.ts";
import { engage } from "../transactions/engage-kill-switch.ts";
import { logFailedApproval } from "../transactions/log-failed-approval.ts";
import { READ_MS } from "./approval-view.ts";
import { approveAndSend, notSent, readToSend } from "./approve-and-send.ts";

/**
 * The owner's decision. Only a signed-in session of this account comes here, and only a passkey's
 * answer over this very intent says yes; a bearer token has no way in.
 */

export async function approveOrder(
  parts: OrderParts,
  owner: SignedIn,
  inFlight: InFlight,
  decision: {
    approvalId: string;
    assertion: PasskeyAssertion;
    typed: Typed | null;
    /** Submits at once what the agent asked to be sent on approval; both happen or neither. */
    send: boolean;
  },
): Promise<Decided> {
  const { storage } = parts;
  const { requestId } = owner;
  const before = open(parts, decision.approvalId);
  if (!before.ok) return before;
  const { approval } = before;
  const wish = decision.send ? sendWish(storage.sql, approval.approvalId) : null;
  if (decision.send && wish === null) {
    return notSent("The agent did not ask for it to be sent by your approval.");
  }
  const typed = approval.tier === 2 ? typedFaults(parts, approval, decision.typed) : null;
  if (typed !== null) return typed;
  const inTheWay = obstaclesTo(parts, approval);
  if (inTheWay.length > 0) {
    return { ok: false, reason: "stands_in_the_way", detail: inTheWay.join(" ") };
  }
  const challenge = challengeOf(approval.intentHash);
  if (!(await provesOwner(owner, decision.assertion, challenge))) {
    logFailedApproval(parts, approval, "APPROVAL_SIGNATURE_INVALID", requestId);
    return { ok: false, reason: "passkey", detail: "The passkey did not sign this order." };
  }
  const { response } = decision.assertion;
  const said = {
    assertion: {
      id: decision.assertion.id,
      client_data_json: response.clientDataJSON,
      authenticator_data: response.authenticatorData,
      signature: response.signature,
    },
    echo: decision.typed?.echo ?? null,
  };
  const atPc = await heldAtPc(parts, approval, said);
  if (atPc.kind === "refused") {
    logFailedApproval(parts, approval, atPc.refusals[0]?.code ?? "INTERNAL", requestId);
    return refusedAtPc(atPc);
  }
  // Nobody but the PC can say whether the number is the one it showed.
  if (atPc.kind === "not_asked" && approval.tier === 2) {
    return { ok: false, reason: "pc", detail: "Your PC could not be asked about the number." };
  }
  if (wish !== null && atPc.kind === "not_asked") {
    return notSent("Your PC did not answer.");
  }
  const read = wish === null ? null : await readToSend(parts, inFlight, approval);
  if (read?.ok === false) {
    logFailedApproval(parts, approval, "SIDECAR_UNAVAILABLE", requestId);
    return read;
  }
  // While passkey and PC were asked the session may have ended, the request been denied, or a switch
  // engaged.
  owner.session();
  const after = open(parts, decision.approvalId);
  if (!after.ok) return after;
  const late = obstaclesTo(parts, after.approval);
  if (late.length > 0) return { ok: false, reason: "stands_in_the_way", detail: late.join(" ") };
  if (wish !== null && read !== null) {
    const { fresh } = read;
    return approveAndSend(parts, inFlight, { approval, wish, said, fresh, requestId });
  }
  const decided = decideApproval(
    storage,
    { approvalId: approval.approvalId, requestId, say: "approve", ...said },
    parts.now(),
    parts.log,
  );
  return decided === null
    ? { ok: false, reason: "not_open", detail: "The request was decided meanwhile." }
    : { ok: true, state: decided.state };
}

function refusedAtPc({ refusals, triesLeft }: Extract<AtPc, { kind: "refused" }>): Decided {
  const words = refusals.map(({ message }) => message).join(" ");
  if (!refusals.some(({ code }) => code === "APPROVAL_ECHO_MISMATCH")) {
    const unknown = refusals.some(
      ({ code, rule }) => code === "APPROVAL_KEY_NOT_ENROLLED" && rule === "enrolled_key",
    );
    const cure = unknown ? ` Accept it there first: \`${sidecarCommand("approvers add")}\`.` : "";
    return { ok: false, reason: "pc", detail: `Your PC would refuse it. ${words}${cure}` };
  }
  const left =
    triesLeft === null || triesLeft === 0
      ? ""
      : triesLeft === 1
        ? " One try is left."
        : ` ${triesLeft} tries are left.`;
  return { ok: false, reason: "number", detail: `${words}${left}` };
}

/** No needs no passkey: one tap, also for a request that was approved and is not used yet. */
export function denyOrder(
  parts: OrderParts,
  { requestId }: SignedIn,
  decision: { approvalId: string; freeze: boolean; stopAgent?: boolean },
): Decided {
  const { storage } = parts;
  const nowMs = parts.now();
  const asked = findApproval(storage.sql, decision.approvalId, nowMs);
  if (asked === null) return noSuch();
  if (decision.stopAgent === true) {
    engage(
      parts,
      {
        scope: "agent",
        subject: asked.clientId,
        actor: "owner",
        reason: "The owner denied a request and stopped the agent that asked.",
        effect: "freeze",
      },
      { clientId: null, requestId },
    );
  }
  if (decision.freeze) {
    engage(
      parts,
      {
        scope: "gateway",
        subject: null,
        actor: "owner",
        reason: "The owner denied a request and froze trading.",
        effect: "freeze",
      },
      { clientId: null, requestId },
    );
  }
  const denied = decideApproval(
    storage,
    { approvalId: decision.approvalId, requestId, say: "deny" },
    nowMs,
    parts.log,
  );
  return denied === null
    ? { ok: false, reason: "not_open", detail: "The request is not open any more." }
    : { ok: true, state: denied.state };
}

type Open = { ok: true; approval: Approval } | Extract<Decided, { ok: false }>;

function open(parts: OrderParts, approvalId: string): Open {
  const approval = findApproval(parts.storage.sql, approvalId, parts.now());
  if (approval === null) return noSuch();
  return approval.state === "pending"
    ? { ok: true, approval }
    : { ok: false, reason: "not_open", detail: `The request is ${approval.state}.` };
}

function typedFaults(parts: OrderParts, approval: Approval, typed: Typed | null): Decided | null {
  const { sql } = parts.storage;
  if (parts.now() < firstSeen(sql, approval.approvalId, parts.now()) + READ_MS) {
    return { ok: false, reason: "too_soon", detail: "Read the order first." };
  }
  const leg = principalLeg(approval.intent.ticket.order);
  const wanted = leg.quantity ?? leg.cash_quantity ?? "";
  const quantity = typed === null ? null : parseFigure(typed.quantity.trim());
  if (
    typed === null ||
    typed.symbol.trim().toUpperCase() !== leg.contract.symbol.toUpperCase() ||
    quantity === null ||
    canonicalDecimal(quantity.toFixed()) !== wanted
  ) {
    return {
      ok: false,
      reason: "typed",
      detail: "What was typed is not the symbol and the quantity of this order.",
    };
  }
  // Away from the PC an exit may go out without it; whether this one does is the PC's to say.
  if (typed.echo === null && !approval.intent.ticket.order.reduce_only) {
    return { ok: false, reason: "number", detail: "Type the number shown at the PC." };
  }
  return null;
}

const noSuch = (): Extract<Decided, { ok: false }> => ({
  ok: false,
  reason: "no_such_request",
  detail: "There is no such request in this account.",
});
