import { sha256Hex } from "../digest.ts";
import type { AcceptedWarning } from "./intent.ts";
import type { BrokerMessage } from "./ticket.ts";

/**
 * A question of the broker's, and whether it may be answered without asking the owner. `confirmed:
 * true` is not "yes, I read it" everywhere: some messages change the order or cancel others when
 * confirmed. Those are never confirmed by an acceptance given beforehand.
 */
export interface BrokerQuestion {
  /** Id to answer under; not an order id. */
  reply_id: string;
  messages: BrokerMessage[];
}

/** Tags off, entities read, white space and case levelled; digits stay, for the eye. */
export function plainText(html: string): string {
  return (
    html
      .replace(/<(br|\/p|\/div|\/li|\/h\d)\s*\/?>/gi, "\n")
      .replace(/<[^>]*>/g, " ")
      .replace(
        /&(#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,6});/gi,
        (whole, name: string) => entity(name) ?? whole,
      )
      // Control and format characters: bidirectional tricks, zero-width text, escapes.
      .replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, " ")
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n[ \n]*/g, "\n")
      .trim()
  );
}

/**
 * SHA-256 of the message's wording, the numbers in it included: who accepted 3 % did not accept 300 %.
 * Acceptances of the first version, which levelled numbers, match nothing any more, so that the owner
 * is asked again.
 */
export function fingerprintOf(html: string): string {
  const words = plainText(html).toLowerCase().replace(/\s+/g, " ");
  return sha256Hex(`ibkr-question/v2\n${words}`);
}

/**
 * A message of the broker's for people and for comparison: markup removed, at most 4,000
 * characters, with its fingerprint. `messageId` is null where the broker gave none.
 */
export function messageOf(messageId: string | null, html: string): BrokerMessage {
  return {
    message_id: messageId,
    fingerprint: fingerprintOf(html),
    text: plainText(html).slice(0, SHOWN_MAX_CHARS),
  };
}

/** Whether two accepted warnings are of one id with one wording. */
export const sameWarning = (a: AcceptedWarning, b: AcceptedWarning): boolean =>
  a.message_id === b.message_id && a.fingerprint === b.fingerprint;

/**
 * What of the accepted warnings the ticket itself shows. What it does not show, nobody read: it is
 * accepted by nothing that was signed, and the broker's question about it goes to the owner.
 */
export function acceptedOfTicket(
  accepted: readonly AcceptedWarning[],
  warnings: readonly BrokerMessage[],
): AcceptedWarning[] {
  return accepted.filter((one) => warnings.some((warning) => sameWarning(one, warning)));
}

/** As long as a message can be shown: of a longer one nobody read the end. */
const SHOWN_MAX_CHARS = 4_000;

/** Confirming one of these does more than let the order pass as it is. */
export const NEVER_BY_DEFAULT: Readonly<Record<string, string>> = {
  o10153: "The broker adds a price cap to the order.",
  p12: "The broker hands the order to its price management algorithm.",
  o2137: "The order takes more than the position, and may turn it round.",
};

const CANCELS_OTHERS = /cancel\s+(all|any|the)?\s*(open|existing|working|other)\s+orders?/i;

/** Why this message may not be confirmed beforehand; null when it may. */
export function neverByDefault(message: BrokerMessage): string | null {
  if (message.message_id !== null) {
    const known = NEVER_BY_DEFAULT[message.message_id.toLowerCase()];
    if (known !== undefined) return known;
  }
  if (message.text.length >= SHOWN_MAX_CHARS) return "It is too long to be shown whole.";
  return CANCELS_OTHERS.test(message.text) ? "Confirming it cancels other orders." : null;
}

export type QuestionDecision =
  | { decision: "confirm" }
  | { decision: "ask_owner"; reason: string; message: BrokerMessage };

/**
 * Confirm only when every message of the question was accepted by the approval under the same id
 * and the same wording, and none is on the never list. One doubtful message asks the owner about
 * the whole question.
 */
export function decideQuestion(
  question: BrokerQuestion,
  accepted: readonly AcceptedWarning[],
): QuestionDecision {
  for (const message of question.messages) {
    const never = neverByDefault(message);
    if (never !== null) return { decision: "ask_owner", reason: never, message };
    if (message.message_id === null) {
      return { decision: "ask_owner", reason: "The message has no id.", message };
    }
    const match = accepted.some(
      (warning) =>
        warning.message_id === message.message_id && warning.fingerprint === message.fingerprint,
    );
    if (!match) {
      const reason = accepted.some((warning) => warning.message_id === message.message_id)
        ? "The message is known but its wording has changed."
        : "The approval did not accept this message.";
      return { decision: "ask_owner", reason, message };
    }
  }
  const [first] = question.messages;
  if (first === undefined) {
    const message = messageOf(null, "");
    return { decision: "ask_owner", reason: "The question has no text.", message };
  }
  return { decision: "confirm" };
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

function entity(name: string): string | null {
  if (!name.startsWith("#")) return NAMED[name.toLowerCase()] ?? null;
  const code =
    name[1] === "x" || name[1] === "X" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return Number.isInteger(code) && code > 31 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
}
