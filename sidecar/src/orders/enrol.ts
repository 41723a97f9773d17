import type { approverEnrol } from "../../../src/protocol/operations/approver-enrol.ts";
import type { OperationInput, OperationOutput } from "../../../src/protocol/operations/define.ts";
import { refusal } from "../../../src/protocol/orders/refusal.ts";
import type { OperationRequest } from "../operations/executor.ts";
import { enrolApprover } from "../trust/approvers.ts";
import { announceApprover } from "./announce-order.ts";
import { approverWords } from "./approver-words.ts";
import { ownerSigned } from "./owner-signature.ts";
import type { SubmitParts } from "./submit-parts.ts";

/** A later approver, on the word of an earlier one; the edge's word alone puts no key in. */
export async function enrolByApprover(
  parts: SubmitParts,
  request: OperationRequest,
  input: OperationInput<typeof approverEnrol>,
): Promise<OperationOutput<typeof approverEnrol>> {
  const { credential_id, public_key, label, nonce, not_after, assertion } = input;
  const nowMs = parts.clock.now();
  const { refusals, credentialId } = await ownerSigned(
    { db: parts.store.db, relyingParty: parts.relyingParty, nowMs },
    {
      act: "enrol_approver",
      enrolment: {
        gateway_account_id: parts.gatewayAccountId,
        sidecar_id: parts.sidecarId,
        credential_id,
        public_key,
        label,
        nonce,
        not_after,
      },
    },
    { nonce, not_after, assertion },
  );
  if (credentialId === null) return { enrolled: false, fingerprint: null, refusals };
  request.begin?.();
  const publicKey = new Uint8Array(Buffer.from(public_key, "base64url"));
  const enrolled = enrolApprover(
    parts.store.db,
    { credentialId: credential_id, publicKey, label, enrolledBy: credentialId },
    nowMs,
  );
  if (enrolled) announceApprover(parts.reach, label, approverWords(publicKey));
  return enrolled
    ? { enrolled: true, fingerprint: approverWords(publicKey), refusals: [] }
    : {
        enrolled: false,
        fingerprint: null,
        refusals: [
          refusal(
            "APPROVAL_ALGORITHM_REFUSED",
            "public_key",
            "new_known_key",
            "The key is known already, was removed before, or is none this PC can judge.",
          ),
        ],
      };
}
