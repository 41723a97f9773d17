import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { ordersReconcile } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-reconcile.ts";
import type { ShownOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/shown-order.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { OrderParts } from "../order-context.ts";
import { shownOrder } from "../rules/outcomes/order-view.ts";
import {
  LOOK_AGAIN_MS,
  lookedAgain,
  looksAgain,
  toLookAgain,
} from "../rules/outcomes/read-book-once-more.ts";
import { seenAtBroker } from "../tables/intents/at-broker.ts";
import { notProved } from "../tables/intents/in-doubt.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { findPreview } from "../tables/previews.ts";
import { applyBookRead } from "../transactions/apply-book-read.ts";
import { compareOwnBook, OWN_BOOK_WINDOW_MS } from "../transactions/compare-own-book.ts";
import { type CrossCheck, crossCheck } from "../transactions/cross-check.ts";
import { settleCancels } from "../transactions/settle-cancel.ts";
import { askJournal } from "./ask-journal.ts";
import { askSidecar } from "./ask-sidecar.ts";

export interface ReconcileReport extends CrossCheck {
  account_id: string;
  proved: boolean;
  looked_for: number;
  orders: ShownOrder[];
  still_in_doubt: number;
  next_step: string;
}

const LOOKED_FOR_MAX = 50;
/** Of these to be looked for again; more wait for the next reading, and leave room for those in doubt. */
const AGAIN_MAX = 25;

/**
 * Whether another PC than the one that was asked had the job. That one may know that the broker
 * claimed the order, so the silence of this one does not prove that there is none.
 */
function wentElsewhere(sql: SqlStorage, coid: string, askedOf: string | null): boolean {
  const intent = findIntent(sql, coid);
  const preview = intent?.preview_id == null ? null : findPreview(sql, intent.preview_id);
  return preview !== null && preview.sidecarId !== askedOf;
}

/**
 * Holds one account's book against what was let out: every order not proved is looked for, and
 * every order that bears our reference must have its intent, its leaf and its approval.
 */
export async function reconcileAccount(
  parts: OrderParts,
  brokerAccount: string,
  service: JobService = { class: "reconcile" },
): Promise<{ ok: true; report: ReconcileReport } | { ok: false; failure: GatewayFailure }> {
  const { storage } = parts;
  // Those due longest come first: many that stand must not hide one in doubt.
  const again = toLookAgain(storage.sql, brokerAccount);
  const open = notProved(storage.sql, brokerAccount, LOOKED_FOR_MAX);
  // A cancel has no reference at the broker: the order that it is about tells of it.
  const byRef = again.filter((coid) => findIntent(storage.sql, coid)?.action === "place");
  const wanted = [...new Set([...byRef.slice(0, AGAIN_MAX), ...open])].slice(0, LOOKED_FOR_MAX);
  const askedAt = parts.now();
  const seenBefore = seenAtBroker(storage.sql, brokerAccount, askedAt - OWN_BOOK_WINDOW_MS);
  const askedOf = parts.relay.presence().sidecarId;
  const answer = await askSidecar(
    parts,
    ordersReconcile,
    { account_id: brokerAccount, order_refs: wanted },
    { scope: "ibkr:orders:read", account: brokerAccount, service },
  );
  if (!answer.ok) return answer;
  const { results, orders, proved, own_book } = answer.value;
  const later = new Set(byRef.slice(AGAIN_MAX));
  const asked = again.filter((coid) => !later.has(coid));
  lookedAgain(storage.sql, brokerAccount, asked);
  for (const { order_ref, evidence, found, claimed: told = false } of results) {
    const claimed = told || wentElsewhere(storage.sql, order_ref, askedOf);
    const read = { evidence, proved, found, claimed, askedAt };
    applyBookRead(storage, order_ref, read, parts.now(), parts.log);
  }
  const missing = results.flatMap(({ order_ref, found }) => (found ? [] : [order_ref]));
  await askJournal(parts, brokerAccount, missing, service);
  settleCancels(parts, brokerAccount, { orders, proved, askedAt });
  const check = crossCheck(parts, brokerAccount, orders);
  if (own_book !== undefined) {
    // What was sent while the PC answered need not stand in its answer.
    const found = results.flatMap((one) => (one.found ? [one.order_ref] : []));
    const known = new Set([...seenBefore.map(({ coid }) => coid), ...found]);
    compareOwnBook(parts, brokerAccount, own_book, { askedOf, known });
  }
  if (looksAgain(storage.sql).length > 0) parts.wakeAt(parts.now() + LOOK_AGAIN_MS);
  const shown = wanted.flatMap((coid) => {
    const intent = findIntent(storage.sql, coid);
    return intent === null ? [] : [shownOrder(intent, parts.now())];
  });
  const doubts = shown.filter(({ state }) => isInDoubt(state)).length;
  return {
    ok: true,
    report: {
      account_id: brokerAccount,
      proved,
      looked_for: wanted.length,
      orders: shown,
      ...check,
      still_in_doubt: doubts,
      next_step:
        doubts > 0
          ? "It is looked for again by itself. Send nothing again meanwhile."
          : proved
            ? "Everything let out is accounted for."
            : "The broker's list could not be confirmed; reconcile again in a minute.",
    },
  };
}
