import type { Mandate } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { mandateInWords } from "@ibkr-edge-gateway/protocol/approval/mandate-words.ts";
import type { CancelBy } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import type { OpenQuestion } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import {
  lineText,
  questionLines,
  ticketText,
} from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { KeptMandate } from "../../trust/tables/mandates.ts";
import { UNNUMBERED_EXITS_A_DAY } from "../../trust/verify/probation.ts";
import type { Reach } from "./desktop-and-webhook.ts";

/**
 * What this PC says of its own accord, whether or not the gateway asked it to: every approval that
 * is used, every order under a mandate, every mandate that comes and goes. Whoever runs the gateway
 * can choose what a tap signs; it cannot keep that from the one who sits here. Nothing waits for a
 * notification, and none that fails holds anything up.
 */
export function announceSubmitted(
  reach: Reach,
  ticket: Ticket,
  by: { kind: "passkey" } | { kind: "mandate"; mandateId: string },
): void {
  const title =
    by.kind === "mandate" ? "Order under a mandate, without a tap" : "Your approval is being used";
  const words = ticketText(ticket);
  reach.terminal([
    `${title}${by.kind === "mandate" ? ` (${plain(by.mandateId)})` : ""}:`,
    ...indented(words),
    by.kind === "mandate"
      ? `  To end the mandate: ${sidecarCommand("mandates")} revoke ${plain(by.mandateId)}`
      : `  If you did not approve this: ${sidecarCommand("kill")}`,
  ]);
  tell(reach, title, words.join("\n"));
}

/** An exit of an owner who is away from this PC: what it is, and how many more may go like it. */
export function announceUnnumberedExit(reach: Reach, ticket: Ticket, usedToday: number): void {
  const title = `An exit goes out without this PC's number (${usedToday} of ${UNNUMBERED_EXITS_A_DAY} a day)`;
  const words = ticketText(ticket);
  reach.terminal([
    `${title}:`,
    ...indented(words),
    `  If it was not you: ${sidecarCommand("kill")}`,
  ]);
  tell(reach, title, words.join("\n"));
}

const ASKED_BY: Record<CancelBy, string> = {
  owner: ", asked for at the console",
  agent: ", asked for by an agent",
  gateway: " by itself, for a kill switch",
};

/**
 * A cancel that nobody here tapped for: of a stop, whoever asked, and of anything that the gateway
 * cancels by itself. Who asked is the gateway's word.
 */
export function announceCancel(
  reach: Reach,
  { lines, takesStop }: { lines: readonly string[]; takesStop: boolean },
  by: CancelBy,
): void {
  const what = takesStop ? "a stop, which may protect a position" : "an order";
  const title = `The gateway cancels ${what}${ASKED_BY[by]}`;
  reach.terminal([`${title}:`, ...indented(lines)]);
  tell(reach, title, lines.join("\n"));
}

/** A wrong number costs the owner a tap; whoever sits here must hear that somebody is guessing. */
/** A passkey's counter that does not rise may come from a copy of it. */
export function announceCounter(reach: Reach, label: string): void {
  const title = "A passkey's counter did not rise";
  const words = [
    `The passkey "${plain(label)}" signed with a counter that is not above those before. Two approvals that are used in another order do that, and so does a copy of the passkey.`,
    `If you cannot explain it, remove the passkey: ${sidecarCommand("approvers remove")}`,
  ];
  reach.terminal([`${title}:`, ...indented(words)]);
  tell(reach, title, words.join("\n"));
}

export function announceWrongNumber(reach: Reach, what: readonly string[]): void {
  const title = "A wrong number came from the gateway";
  const words = [...what, `If it was not you who typed it: ${sidecarCommand("kill")}`];
  reach.terminal([`${title}:`, ...indented(words)]);
  tell(reach, title, words.join("\n"));
}

/** The bounds in this PC's words, and the number, which never goes out by the network. */
export async function announceMandate(
  reach: Reach,
  kept: KeptMandate,
): Promise<("terminal" | "desktop")[]> {
  const { mandate, number } = kept;
  const lines = boundsOf(mandate);
  const shown: ("terminal" | "desktop")[] = [];
  const said = reach.terminal([
    `A mandate was signed with your passkey (${plain(mandate.mandate_id)}). Inside it agents need no tap:`,
    ...lines.map((line) => `  ${line}`),
    `  Number for the mandate's page: ${number}`,
    `  If you did not sign this: ${sidecarCommand("mandates")} revoke ${plain(mandate.mandate_id)}`,
  ]);
  if (said) shown.push("terminal");
  const text = `${lines.join("\n")}\nNumber: ${number}`;
  if (await reach.desktop("Mandate to confirm", text)) shown.push("desktop");
  void reach.push("Mandate to confirm", lines.join("\n"));
  return shown;
}

export function announceMandateEnd(
  reach: Reach,
  mandate: Mandate,
  how: "confirmed" | "revoked",
): void {
  const title =
    how === "confirmed" ? "A mandate is in force" : "A mandate was revoked by the gateway";
  const words = `${plain(mandate.mandate_id)}: ${boundsOf(mandate).join("; ")}`;
  reach.terminal([`${title}:`, `  ${words}`]);
  tell(reach, title, words);
}

/** The broker asks: all of its words, the order they are about, and the number where a yes needs one. */
export function announceQuestion(
  reach: Reach,
  ticket: Ticket,
  question: OpenQuestion,
  number: number | null,
): void {
  const title = "The broker asks before it takes this order";
  const said = [...ticketText(ticket), ...questionText(question)];
  reach.terminal([
    `${title}:`,
    ...indented(said),
    ...(number === null ? [] : [`  Number for your yes on the question's page: ${number}`]),
    "  Unanswered, it is declined.",
  ]);
  const shown = number === null ? said : [...said, `Number: ${number}`];
  void reach.desktop(title, shown.join("\n")).catch(() => undefined);
  // The number never goes out by the network.
  void reach.push(title, said.join("\n")).catch(() => undefined);
}

/** Every message of a question to its last word. */
export const questionText = (question: Pick<OpenQuestion, "messages">): string[] =>
  questionLines(question.messages).map(lineText);

/** The owner's yes to a question of the broker's, on its way. */
export function announceAnswer(
  reach: Reach,
  ticket: Ticket,
  question: Pick<OpenQuestion, "messages">,
): void {
  const title = "Your yes to the broker's question is being used";
  const said = [...ticketText(ticket), ...questionText(question)];
  reach.terminal([
    `${title}:`,
    ...indented(said),
    `  If it was not you: ${sidecarCommand("kill")}`,
  ]);
  tell(reach, title, said.join("\n"));
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

function boundsOf(mandate: Mandate): string[] {
  // In full: a number is asked for these lines.
  return mandateInWords(mandate).map(({ name, says }) => printable(`${name}: ${says}`));
}

/** Ids come from the gateway: nothing in them may move the cursor. */
const printable = (text: string): string => text.replace(/\p{C}/gu, "");
const plain = (text: string): string => printable(text).slice(0, 400);

function tell(reach: Reach, title: string, words: string): void {
  void reach.desktop(title, words);
  void reach.push(title, words);
}
