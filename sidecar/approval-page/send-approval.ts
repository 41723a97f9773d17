import { envelopeHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { NoAnswer } from "./api.ts";
import { approveEnvelope } from "./ceremony.ts";
import { failureWords } from "./failure-words.ts";
import { withAnswered, withoutAnswered } from "./kept-in-browser.ts";
import { lastReceipt } from "./may-be-out.ts";
import type { PageParts } from "./page-parts.ts";
import type { Waiting } from "./read-pending.ts";
import { takeReceipts } from "./take-receipts.ts";
import type { Said } from "./view/card.ts";
import { verdictInWords, wordsOf } from "./words.ts";

/** What came of a yes. */
export interface ApprovalOutcome {
  /** For the owner; empty when there is nothing to say. */
  problem: string;
  /** It was a probe, and the PC took it. */
  probeTaken: boolean;
}

const TRIES = 3;
const PAUSE_MS = 2_000;

/** The same yes again where no answer came: the PC takes it once, however often it arrives. */
async function answerTo<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0 || !(error instanceof NoAnswer) || error.unknownToken) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** The owner's yes, signed and sent; never rejects. A yes that may have arrived is said to be out. */
export async function sendApproval(
  parts: PageParts,
  token: string,
  waiting: Waiting,
  said: Extract<Said, { ok: true }>,
): Promise<ApprovalOutcome> {
  const { api, keeper, settings } = parts;
  let given = false;
  try {
    // What was verified when it came is verified again at the moment it is signed.
    if (!(await envelopeHolds(waiting.envelope, settings.pc_key))) {
      throw new NoAnswer("Your PC did not sign this. Nothing was approved.");
    }
    const { message, answered } = await approveEnvelope(parts, waiting, {
      credentialId: keeper.get().credential_id,
      acceptedWarnings: said.acceptedWarnings,
      number: said.number,
      nowMs: Date.now(),
    });
    given = true;
    keeper.change((kept) => withAnswered(kept, answered));
    const answer = await answerTo(() => api.submit(token, message));
    if (answer.receipt !== null) await takeReceipts(parts, [answer.receipt]);
    const last = lastReceipt(keeper.get(), answered);
    const words = answer.refusals.map(({ message: why }) => why).join(" ");
    const probe = waiting.envelope.act === "probe";
    // A probe is no order: nothing of it may be out.
    if (probe) {
      keeper.change((kept) => ({
        ...withoutAnswered(kept, answered.ticket_sha256),
        proved: kept.proved || answer.accepted,
      }));
    }
    const problem =
      last?.verdict === "refused"
        ? `${wordsOf(waiting.envelope).title}: ${verdictInWords(last.verdict, last.code)}. ${words}`
        : answer.accepted
          ? ""
          : `It was not taken. ${words}`;
    return { problem, probeTaken: probe && answer.accepted };
  } catch (error) {
    const problem = given
      ? `${failureWords(error)} Your yes was given and may have arrived: it may be out.`
      : failureWords(error);
    return { problem, probeTaken: false };
  }
}
