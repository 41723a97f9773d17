import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { sameWarning } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalDecimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { AcceptedWarning } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { warningLines } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Waiting } from "../read-pending.ts";
import { isLive, timeLeft, wordsOf } from "../words.ts";
import { element, facts, field, paragraph } from "./element.ts";

/** What the owner said on the card: null where something is still missing, with the words for it. */
export type Said =
  | { ok: true; acceptedWarnings: AcceptedWarning[]; number: number | null }
  | { ok: false; missing: string };

export interface Card {
  body: HTMLElement;
  said(): Said;
  /** Brings the clock on the card up to date; false when the time is over. */
  tick(nowMs: number): boolean;
}

/** Tier 2: how long the words stand before the button works. */
const READ_MS = 5_000;

/** One thing that waits, in words, with the fields that it asks for. */
export function card({ envelope }: Waiting, shownAtMs: number): Card {
  const worded = wordsOf(envelope);
  const live = isLive(envelope);
  const left = element("span", { attributes: { role: "timer", "aria-live": "off" } });
  const asks = fieldsOf(envelope);
  const body = element(
    "section",
    { class: "card", attributes: { "aria-labelledby": "what" } },
    element(
      "div",
      { class: "bar" },
      element(
        "span",
        { class: live ? "tag live" : "tag" },
        live ? "Live: real money" : worded.title,
      ),
      left,
    ),
    element("h1", { id: "what" }, worded.headline),
    facts(live ? [{ name: "It is", says: worded.title }, ...worded.lines] : worded.lines),
    ...asks.rows,
    allFields(envelope),
  );
  const isLarge = envelope.act === "order" && envelope.body.tier === 2;
  return {
    body,
    said: () =>
      isLarge && Date.now() < shownAtMs + READ_MS
        ? { ok: false, missing: "Read the order first; the button works in a moment." }
        : asks.said(),
    tick(nowMs) {
      const words = timeLeft(envelope.body.not_after, nowMs);
      const over = words === "over";
      left.textContent = over ? "The time is over" : `${words} left`;
      return !over;
    },
  };
}

interface Fields {
  rows: HTMLElement[];
  said(): Said;
}

function fieldsOf(envelope: Envelope): Fields {
  const warnings = warningsOf(envelope);
  const typed = typedOf(envelope);
  const number =
    "number_needed" in envelope.body && envelope.body.number_needed
      ? field("Number shown at your PC", {
          name: "number",
          mode: "numeric",
          maxLength: 4,
          hint: `Four digits. To see it again, run at the PC: ${sidecarCommand("requests")}`,
        })
      : null;
  return {
    rows: [...warnings.rows, ...typed.rows, ...(number === null ? [] : [number.row])],
    said() {
      const missing = typed.missing();
      if (missing !== null) return { ok: false, missing };
      const digits = number?.input.value.trim() ?? "";
      if (number !== null && !/^[1-9]\d{3}$/.test(digits)) {
        return { ok: false, missing: "Type the four digits that your PC shows." };
      }
      return {
        ok: true,
        acceptedWarnings: warnings.accepted(),
        number: number === null ? null : Number(digits),
      };
    },
  };
}

/** Every warning to its last word; those that may be accepted beforehand with a box, not ticked. */
function warningsOf(envelope: Envelope): { rows: HTMLElement[]; accepted(): AcceptedWarning[] } {
  if (envelope.act !== "order") return { rows: [], accepted: () => [] };
  const { ticket, accepted_warnings } = envelope.body;
  const boxes: { box: HTMLInputElement; warning: AcceptedWarning }[] = [];
  const row = (message: BrokerMessage, says: string): HTMLElement => {
    const warning = accepted_warnings.find((one) => sameWarning(one, message));
    if (warning === undefined) return element("p", { class: "soft" }, says);
    const box = element("input", { attributes: { type: "checkbox" } });
    boxes.push({ box, warning });
    return element("label", { class: "choice" }, box, element("span", {}, `Accept: ${says}`));
  };
  const lines = warningLines(ticket.warnings);
  if (lines.length === 0) return { rows: [], accepted: () => [] };
  const rows = ticket.warnings.map((message, at) => row(message, lines[at]?.says ?? message.text));
  return {
    rows: [
      element(
        "div",
        { class: "note" },
        element("h2", {}, "The broker warns"),
        ...rows,
        paragraph("What you do not accept, you are asked about again if the broker asks.", "hint"),
      ),
    ],
    accepted: () => boxes.filter(({ box }) => box.checked).map(({ warning }) => warning),
  };
}

/** Tier 2: symbol and quantity in the owner's own hand. */
function typedOf(envelope: Envelope): { rows: HTMLElement[]; missing(): string | null } {
  if (envelope.act !== "order" || envelope.body.tier !== 2) {
    return { rows: [], missing: () => null };
  }
  const leg = principalLeg(envelope.body.ticket.order);
  const symbol = field("Symbol, typed by you", { name: "symbol", mode: "text", maxLength: 40 });
  const quantity = field("Quantity, typed by you", {
    name: "quantity",
    mode: "decimal",
    maxLength: 40,
  });
  return {
    rows: [symbol.row, quantity.row],
    missing() {
      const amount = parseFigure(quantity.input.value.trim());
      const same =
        symbol.input.value.trim().toUpperCase() === leg.contract.symbol.toUpperCase() &&
        amount !== null &&
        canonicalDecimal(amount.toFixed()) === (leg.quantity ?? leg.cash_quantity ?? "");
      return same ? null : "Type the symbol and the quantity of this order.";
    },
  };
}

/** Nothing of what is signed is hidden: the whole body, folded. */
function allFields({ body }: Envelope): HTMLElement {
  const text = element("pre", { attributes: { tabindex: "0", "aria-label": "All fields" } });
  const made = element("details", {}, element("summary", {}, "All fields"), text);
  made.addEventListener("toggle", () => {
    if (made.open && text.textContent === "") text.textContent = JSON.stringify(body, null, 1);
  });
  return made;
}
