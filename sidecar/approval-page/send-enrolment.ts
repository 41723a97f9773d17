import {
  type EnrolmentCode,
  enrolmentBearer,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { NoAnswer } from "./api.ts";
import { enrol } from "./ceremony.ts";
import type { PageParts } from "./page-parts.ts";

/**
 * Makes the passkey and brings it to the PC.
 * @returns the words to compare with the terminal's; null where the key is unreadable
 * @throws NoAnswer when the PC did not take it; else what the browser throws
 */
export async function sendEnrolment(
  parts: PageParts,
  code: EnrolmentCode,
): Promise<string[] | null> {
  const { api, keeper, token } = parts;
  const made = await enrol(parts, code, token);
  // Through the gateway the secret of the PC's screen lets it through; at the PC the link does.
  const answer = await api.submit(token ?? enrolmentBearer(code.secret), made.message);
  if (!answer.accepted) {
    const why = answer.refusals.map(({ message }) => message).join(" ");
    throw new NoAnswer(`Your PC did not take the passkey. ${why} Begin anew at the PC.`);
  }
  keeper.change((kept) => ({
    ...kept,
    token: token === null ? made.token : kept.token,
    credential_id: made.credentialId,
    proved: false,
  }));
  return made.words;
}
