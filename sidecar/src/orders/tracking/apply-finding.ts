import type { IntentOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { Decimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { alert, apply, type IntentDraft, note } from "../journal/intent-change.ts";
import { type BookView, findInBook } from "./book-evidence.ts";
import type { TrackingDraft } from "./tracking-draft.ts";
import { unprotected } from "./unprotected-position.ts";

/** How soon the whole book is read when a view that may be older speaks against what is known. */
const OVERTURN_LOOK_MS = 2_000;

/** What a view of the book says of one intent goes to its record. */
export function applyFinding(draft: TrackingDraft, intent: IntentDraft, view: BookView): void {
  const before = intent.record;
  const finding = findInBook(before, view);
  if (finding.surplus.length > 0) {
    alert(intent, {
      alert: "unexplained_order",
      message:
        "The broker shows more orders under one reference than this PC sent. Look at once, and cancel what is too much.",
      cancelOffered: finding.surplus,
    });
  }
  // A late frame or an older list shows what was; only a read begun afterwards shows what is.
  const newer = view.startedAt !== null && view.startedAt > before.updated_at;
  const orders = newer ? finding.orders : withoutOlder(before.orders, finding.orders);
  const kept = orders.some((order, at) => order !== finding.orders[at]);
  if (kept) draft.overturnLookAt = draft.env.now + OVERTURN_LOOK_MS;
  if (finding.evidence === null) {
    if (JSON.stringify(orders) === JSON.stringify(before.orders)) return;
    note(intent, { orders });
    checkProtection(intent);
    return;
  }
  const resurrects =
    isTerminal(before.state) && before.state !== "filled" && finding.evidence.says === "working";
  if (resurrects && !newer) {
    draft.overturnLookAt = draft.env.now + OVERTURN_LOOK_MS;
    return;
  }
  apply(intent, finding.evidence, { orders });
  checkProtection(intent);
}

/** Of each part what went further: an end stands, and so does what has filled. */
function withoutOlder(known: readonly IntentOrder[], found: readonly IntentOrder[]): IntentOrder[] {
  return found.map((order, at) => {
    const before = known[at];
    if (before === undefined || isTerminal(order.state)) return order;
    const filled = parseFigure(before.filled) ?? new Decimal(0);
    const less = parseFigure(order.filled)?.lessThan(filled) === true;
    return isTerminal(before.state) || less ? before : order;
  });
}

/** Tells the owner once when an entry or a group's member stands without what was to protect it. */
export function checkProtection(intent: IntentDraft): void {
  const { record } = intent;
  const gap = unprotected(record);
  if (gap === null) return;
  // A stop that nobody has looked for yet is not missing.
  const stop = record.orders.find(({ role }) => role === "stop_loss");
  if (stop?.state === "submitting" && !record.told.includes("looked_for_exits")) return;
  alert(intent, {
    alert: "unprotected_position",
    message: gap.message,
    cancelOffered: gap.cancelOffered,
  });
}
