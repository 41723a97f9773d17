import * as z from "zod";
import { statusWord } from "./broker-words.ts";
import { parseFigure } from "./decimal.ts";

/**
 * The life of one order, driven by evidence and by nothing else. A state says what is proved; the
 * source says by what. Accepted is not working: an answer with an order id is the broker's word
 * that it heard us, and only a read that shows our own `order_ref` proves that the order exists.
 */
export const ORDER_STATES = [
  "submitting",
  "awaiting_confirmation",
  "accepted",
  "working",
  "partially_filled",
  "filled",
  "cancelled",
  "rejected",
  "expired",
  "unknown",
  "reconciling",
  "needs_owner",
] as const;
export const OrderState = z.enum(ORDER_STATES);
export type OrderState = z.infer<typeof OrderState>;

export const TERMINAL_STATES = ["filled", "cancelled", "rejected", "expired"] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];
/** Whether an order is over: nothing that the broker says can change this state any more. */
export const isTerminal = (state: OrderState): state is TerminalState =>
  TERMINAL_STATES.some((terminal) => terminal === state);

/** Nobody knows whether an order stands at the broker: entries beside it are blocked. */
export const isInDoubt = (state: OrderState): boolean =>
  state === "unknown" || state === "reconciling" || state === "needs_owner";

/** May still be, or become, an order at the broker: counts against open-order limits. */
export const isOpen = (state: OrderState): boolean => !isTerminal(state);

export const ProofSource = z.enum([
  /** The sidecar proves that nothing was sent: refused before the POST. */
  "sidecar_not_sent",
  "submit_answer",
  "reply_answer",
  "live_orders",
  "order_status",
  "trades",
  "order_stream",
  /** Reads after the quiet period agree that no such order exists. */
  "quiet_period",
  "owner",
  "gateway",
]);
export type ProofSource = z.infer<typeof ProofSource>;

export const OrderEvidence = z.strictObject({
  source: ProofSource,
  says: z.enum([
    "question",
    "question_answered",
    "accepted",
    "working",
    "filled",
    "cancelled",
    "rejected",
    "expired",
    /** The outcome of what was sent cannot be told. */
    "ambiguous",
    "lookup_started",
    "absent",
    "gave_up",
  ]),
  /** Quantity filled so far, where the source tells; as a decimal string. */
  filled: z.string().nullable(),
  remaining: z.string().nullable(),
  at: z.iso.datetime({ precision: 3 }),
});
export type OrderEvidence = z.infer<typeof OrderEvidence>;

type Says = OrderEvidence["says"];

/** What may follow from each state. A pair that is not here is refused and reported. */
const NEXT: Record<OrderState, Partial<Record<Says, OrderState>>> = {
  submitting: {
    question: "awaiting_confirmation",
    accepted: "accepted",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    ambiguous: "unknown",
  },
  awaiting_confirmation: {
    question: "awaiting_confirmation",
    question_answered: "submitting",
    accepted: "accepted",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    ambiguous: "unknown",
  },
  accepted: {
    accepted: "accepted",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    ambiguous: "unknown",
  },
  working: {
    accepted: "working",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    ambiguous: "unknown",
  },
  partially_filled: {
    accepted: "partially_filled",
    working: "partially_filled",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "cancelled",
    expired: "expired",
    ambiguous: "unknown",
  },
  // A stored answer of the sidecar may arrive after the line was cut and the doubt began.
  unknown: {
    question: "awaiting_confirmation",
    accepted: "accepted",
    lookup_started: "reconciling",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    absent: "rejected",
    ambiguous: "unknown",
    gave_up: "needs_owner",
  },
  reconciling: {
    question: "awaiting_confirmation",
    accepted: "accepted",
    lookup_started: "reconciling",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    absent: "rejected",
    ambiguous: "reconciling",
    gave_up: "needs_owner",
  },
  needs_owner: {
    accepted: "accepted",
    lookup_started: "reconciling",
    working: "working",
    filled: "filled",
    cancelled: "cancelled",
    rejected: "rejected",
    expired: "expired",
    absent: "rejected",
    ambiguous: "needs_owner",
  },
  // Ends hold, except against proof that they were not the end (a late fill, a resurrected order).
  filled: { filled: "filled", working: "filled" },
  cancelled: { cancelled: "cancelled", filled: "filled", working: "working" },
  rejected: {
    rejected: "rejected",
    filled: "filled",
    working: "working",
    cancelled: "cancelled",
  },
  expired: { expired: "expired", cancelled: "expired", filled: "filled", working: "working" },
};

/** Which sources can prove what. An answer can be lost or stale; a read of the broker's book cannot. */
const READS: readonly ProofSource[] = ["live_orders", "order_status", "trades", "order_stream"];
const MAY_SAY: Record<ProofSource, readonly Says[]> = {
  sidecar_not_sent: ["rejected"],
  submit_answer: ["question", "accepted", "rejected", "ambiguous"],
  reply_answer: ["question", "question_answered", "accepted", "rejected", "ambiguous"],
  live_orders: ["working", "filled", "cancelled", "rejected", "expired"],
  order_status: ["working", "filled", "cancelled", "rejected", "expired"],
  trades: ["working", "filled"],
  order_stream: ["working", "filled", "cancelled", "rejected", "expired"],
  quiet_period: ["absent"],
  owner: ["question_answered", "filled", "cancelled", "rejected", "expired"],
  gateway: ["lookup_started", "gave_up", "ambiguous"],
};

const MAY_BE_UNSENT: readonly OrderState[] = [
  "submitting",
  "unknown",
  "reconciling",
  "needs_owner",
  "rejected",
];

export type Step =
  | {
      ok: true;
      state: OrderState;
      /** The broker contradicts an end we had proved: tell the owner. */
      alarm: "resurrected" | null;
    }
  | { ok: false; reason: "source_cannot_say" | "not_a_transition" };

/**
 * The state after one piece of evidence. Pure. A partial fill is a working order with a filled
 * quantity: no source has a status of its own for it.
 */
export function step(state: OrderState, evidence: OrderEvidence): Step {
  if (!MAY_SAY[evidence.source].includes(evidence.says)) {
    return { ok: false, reason: "source_cannot_say" };
  }
  // What the broker has answered for was sent: nobody can prove the contrary any more.
  if (evidence.source === "sidecar_not_sent" && !MAY_BE_UNSENT.includes(state)) {
    return { ok: false, reason: "not_a_transition" };
  }
  const next = NEXT[state][evidence.says];
  if (next === undefined) return { ok: false, reason: "not_a_transition" };
  const partly = parseFigure(evidence.filled)?.greaterThan(0) === true;
  const resolved = next === "working" && partly ? "partially_filled" : next;
  const alive = resolved === "working" || resolved === "partially_filled";
  const denied = state === "rejected" && resolved !== "rejected";
  const returned = isTerminal(state) && state !== "filled" && alive;
  return { ok: true, state: resolved, alarm: denied || returned ? "resurrected" : null };
}

/** True when the evidence comes from reading the broker's book, not from an answer to a request. */
export const isBookRead = (source: ProofSource): boolean => READS.includes(source);

/**
 * IBKR's words for a state. `Inactive` is shown for an order that was not transmitted and for one
 * that was rejected; with nothing filled it is a rejection, but only once the book says so. Null for
 * a word nobody knows, which must be treated as ambiguous.
 */
export function evidenceOfStatus(
  status: string,
  filled: string | null,
  remaining: string | null,
): Says | null {
  const someFilled = parseFigure(filled)?.greaterThan(0) === true;
  const allFilled = someFilled && parseFigure(remaining)?.isZero() === true;
  switch (statusWord(status)?.says) {
    case "filled":
      return "filled";
    case "working":
      return allFilled ? "filled" : "working";
    case "cancelled":
      return allFilled ? "filled" : "cancelled";
    case "rejected":
      return someFilled ? "cancelled" : "rejected";
    case "expired":
      return allFilled ? "filled" : "expired";
    default:
      return null;
  }
}
