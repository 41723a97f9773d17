import { mandateInWords } from "@ibkr-edge-gateway/protocol/approval/mandate-words.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  ACCEPTED_CODES,
  REFUSED_BY_GATEWAY,
} from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { headline, plainly } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import {
  orderLines,
  questionLines,
  type WordsLine,
} from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";

/** What is asked, in words made here from what is signed, by the code that the PC uses as well. */
export interface Worded {
  /** What a yes does, in a few words. */
  title: string;
  headline: string;
  lines: WordsLine[];
  /** The button's word. */
  yes: string;
}

export function wordsOf(envelope: Envelope): Worded {
  switch (envelope.act) {
    case "order": {
      const { ticket } = envelope.body;
      const [order, ...lines] = orderLines(ticket);
      const { action } = ticket.order;
      const title = {
        place: "New order",
        modify: "Change of an order",
        cancel: "Cancel of an order",
      };
      return { title: title[action], headline: order?.says ?? "", lines, yes: "Approve" };
    }
    case "question": {
      const { ticket, messages } = envelope.body;
      const lines = [...questionLines(messages), ...orderLines(ticket)];
      return {
        title: "The broker asks about an order",
        headline: `Say yes to the broker about: ${headline(ticket)}`,
        lines,
        yes: "Say yes",
      };
    }
    case "mandate":
      return {
        title: "Standing approval",
        headline: "Let an agent place orders within these bounds without asking",
        lines: mandateInWords(envelope.body.mandate),
        yes: "Allow",
      };
    case "lift_kill_switch": {
      const { scope, subject } = envelope.body.lift;
      const of = { gateway: "all trading", broker_account: "trading in", agent: "trading by" }[
        scope
      ];
      const what = subject === null ? of : `${of} ${plainly(subject)}`;
      return {
        title: "Lift a kill switch",
        headline: `Let ${what} go on`,
        lines: [{ name: "Means", says: "new orders may be placed again from then on" }],
        yes: "Lift",
      };
    }
    case "loosen_policy": {
      const { change, loosened } = envelope.body;
      return {
        title: "Looser limits",
        headline: `Loosen the limits of ${plainly(change.broker_account_id)}`,
        lines: [
          ...loosened.map((one) => ({ name: "In the gateway's words", says: plainly(one) })),
          { name: "Version", says: `${change.to_version}, ${change.to_hash.slice(0, 16)}` },
          { name: "Not changed", says: "the limits of your PC hold whatever is loosened here" },
        ],
        yes: "Loosen",
      };
    }
    case "probe":
      return {
        title: "One tap to try it",
        headline: "Prove that the new passkey works",
        lines: [{ name: "Means", says: "nothing is bought or sold" }],
        yes: "Use the passkey",
      };
  }
}

/** Real money is at stake. */
export function isLive({ body }: Envelope): boolean {
  return "mode" in body && body.mode === "live";
}

const VERDICT_WORDS = {
  accepted: "your yes was signed; waiting for the gateway",
  refused: "refused by your PC",
  sent: "sent to the broker",
  unknown: "sent, and nobody knows yet what became of it: look in TWS",
  filled: "filled",
} as const;

/** `sent to the broker`, with the code where there is one. */
export function verdictInWords(verdict: keyof typeof VERDICT_WORDS, code: string | null): string {
  if (code === null) return VERDICT_WORDS[verdict];
  if (code === ACCEPTED_CODES.atPc) return "taken by your PC";
  if (code === ACCEPTED_CODES.gatewayTook) {
    return "your yes was taken by PC and gateway; nothing is at the broker yet";
  }
  return code.startsWith(REFUSED_BY_GATEWAY)
    ? `refused by the gateway (${plainly(code.slice(REFUSED_BY_GATEWAY.length))}), nothing was sent; why stands in the console`
    : `${VERDICT_WORDS[verdict]} (${plainly(code)})`;
}

/** `4 min 05 s`, or `over`. */
export function timeLeft(notAfter: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(notAfter) - nowMs) / 1_000);
  if (!(seconds > 0)) return "over";
  const rest = String(seconds % 60).padStart(2, "0");
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${rest} s`;
}
