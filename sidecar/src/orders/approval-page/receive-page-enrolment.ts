import type { EnrolmentMessage } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { enrolmentMacHolds } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { readNewPasskey } from "../../trust/enrolment/new-passkey.ts";
import { currentEnrolment, keepEnrolledKey, moveEnrolment } from "../../trust/tables/enrolments.ts";
import {
  type PageServiceParts,
  type Submitted,
  ticketKeyText,
  type Via,
} from "./page-service-parts.ts";

/**
 * A key that a page made for the ceremony that this PC's terminal began. One wrong MAC ends the
 * ceremony: whoever carries the message knows no secret and has no second guess. What holds waits for
 * whoever sits at the terminal to compare the six words.
 */
export async function receiveEnrolment(
  parts: Pick<PageServiceParts, "store" | "clock" | "sidecarId" | "ticketKey">,
  message: EnrolmentMessage,
  via: Via,
): Promise<Submitted> {
  const { db } = parts.store;
  const enrolment = currentEnrolment(db);
  if (enrolment === null || enrolment.state !== "open" || enrolment.via !== via) {
    return refused("No enrolment is open at this PC.", "open_at_pc");
  }
  const { code, origin, rpId } = enrolment;
  if (!(parts.clock.now() < code.exp * 1_000)) {
    moveEnrolment(db, "open", "ended", "its five minutes are over");
    return refused("The five minutes of this enrolment are over.", "not_expired");
  }
  if (!enrolmentMacHolds(code.secret, message)) {
    moveEnrolment(db, "open", "ended", "a message with a wrong seal came");
    return refused("The seal is not the one of this PC's screen. Begin anew at the PC.", "mac");
  }
  const made = await readNewPasskey(message, {
    rp_id: rpId,
    origin,
    sidecar_id: parts.sidecarId,
    pc_key: ticketKeyText(parts.ticketKey),
    nonce: code.nonce,
  });
  if (!made.ok) {
    moveEnrolment(db, "open", "ended", made.why);
    return refused(made.why, made.rule);
  }
  const { credentialId, publicKey } = made;
  const pageTokenSha256 = message.page_token_sha256;
  if (!keepEnrolledKey(db, { credentialId, publicKey, pageTokenSha256 })) {
    return refused("No enrolment is open at this PC.", "open_at_pc");
  }
  return { accepted: true, refusals: [], receipt: null, actOn: null };
}

const refused = (why: string, rule: string): Submitted => {
  const fault: OrderRefusal = refusal("APPROVAL_KEY_NOT_ENROLLED", "enrolment", rule, why);
  return { accepted: false, refusals: [fault], receipt: null, actOn: null };
};
