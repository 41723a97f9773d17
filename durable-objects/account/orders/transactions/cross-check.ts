import { minuteOfDay } from "@ibkr-edge-gateway/policy/daily-window.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { submittedLeaf } from "../evidence/submitted-leaf.ts";
import type { OrderParts } from "../order-context.ts";
import { TRADING_ZONE } from "../rules/limits/trading-day.ts";
import { storedApproval } from "../tables/approvals.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { booksToCheck } from "../tables/joint/books-to-check.ts";
import { lastDone } from "../tables/scheduled-tasks.ts";
import { raiseAlert } from "./raise-alert.ts";

/**
 * The broker's book against the log: every order that bears a reference of this gateway must have
 * its intent, the owner's yes and its leaf, or the owner is told. Done when the PC comes back and
 * once a night, after the exchange's late session and before the broker begins a new day and its
 * list forgets the old one.
 */
const NIGHTLY_MINUTE = 20 * 60 + 15;
const DAY_MINUTES = 24 * 60;

/** References of this gateway begin like this; nobody else's do. */
const OWN_PREFIX = "ieg1-";

export interface CrossCheck {
  foreign: {
    order_id: string;
    order_ref: string | null;
    symbol: string | null;
    side: string | null;
    status: string;
  }[];
  /** References of ours that nothing explains. */
  unexplained: string[];
}

/** Every order of the broker's day against the intents; one of ours without any is an alert. */
export function crossCheck(
  parts: OrderParts,
  brokerAccount: string,
  orders: readonly Order[],
): CrossCheck {
  const foreign: CrossCheck["foreign"] = [];
  const unexplained: string[] = [];
  for (const order of orders) {
    const ref = order.order_ref ?? order.parent_id;
    if (ref?.startsWith(OWN_PREFIX) !== true) {
      foreign.push({
        order_id: order.order_id,
        order_ref: order.order_ref,
        symbol: order.symbol,
        side: order.side,
        status: order.status,
      });
      continue;
    }
    const lacks = missingOf(parts, brokerAccount, ref);
    if (lacks === null) continue;
    if (!unexplained.includes(ref)) unexplained.push(ref);
    raiseAlert(parts, {
      key: `unexplained:${ref}`,
      kind: "unexplained_order",
      brokerAccount,
      coid: ref.slice(0, 64),
      message: `An order at the broker bears a reference of this gateway, and ${MESSAGE[lacks]}. Engage the kill switch and look at the account.`,
      brokerText: null,
      cancelOffered: [order.order_id],
    });
  }
  return { foreign, unexplained };
}

/** Whether a reference of ours has all of its history here. */
export const isExplained = (parts: OrderParts, brokerAccount: string, ref: string): boolean =>
  missingOf(parts, brokerAccount, ref) === null;

type Lack = "intent" | "approval" | "leaf";
const MESSAGE: Record<Lack, string> = {
  intent: "this gateway let out no such order",
  approval: "this gateway knows of no approval for it",
  leaf: "its event is missing from the audit log",
};

/** What a reference of ours lacks of its history; null when all of it is there. */
function missingOf(parts: OrderParts, brokerAccount: string, ref: string): Lack | null {
  const { sql } = parts.storage;
  // A group's members carry the cOID with a letter.
  const intent = findIntent(sql, ref) ?? findIntent(sql, ref.replace(/-[a-z]$/, ""));
  if (intent?.action !== "place" || intent.broker_account !== brokerAccount) return "intent";
  const leaf = submittedLeaf(sql, intent.coid, intent.created_at);
  if (leaf === null) return "leaf";
  // Under a mandate the owner's yes is the mandate, which the leaf names.
  if (intent.approval_id === null) return leaf.mandate === "" ? "approval" : null;
  const approval = storedApproval(sql, intent.approval_id);
  return approval !== null && GIVEN.has(approval.state) ? null : "approval";
}

/** The owner said yes at some time; what was taken back afterwards was given before. */
const GIVEN: ReadonlySet<string> = new Set(["approved", "reserved", "consumed", "revoked"]);

/** The first nightly moment after this one. */
export function nextNightly(afterMs: number): number {
  const minute = Math.floor(afterMs / 60_000);
  const local = minuteOfDay(TRADING_ZONE, afterMs);
  const wait = (NIGHTLY_MINUTE - local + DAY_MINUTES) % DAY_MINUTES;
  return (minute + (wait === 0 ? DAY_MINUTES : wait)) * 60_000;
}

/** When each account's book is due to be held against the log. Only one that has let orders out. */
export function crossChecks(sql: SqlStorage): { account: string; dueAt: number }[] {
  return booksToCheck(sql).map(({ account, checkedAt }) => {
    const tried = lastDone(sql, crossCheckTried(account));
    const again = tried === null ? 0 : tried + AGAIN_MS;
    return { account, dueAt: Math.max(checkedAt === null ? 0 : nextNightly(checkedAt), again) };
  });
}

/** A book that did not agree with itself is held against the log again this much later. */
const AGAIN_MS = 60_000;
export const crossCheckTried = (account: string): string => `cross-check:${account}`;

/** A book that could not be read at all is left alone for so long. */
const RETRY_MS = 15_000;
export const bookRetry = {
  task: (account: string): string => `book-failed:${account}`,
  /** Until when an account's book is left alone; 0 when it may be read. */
  notBefore: (sql: SqlStorage, account: string): number => {
    const failed = lastDone(sql, `book-failed:${account}`);
    return failed === null ? 0 : failed + RETRY_MS;
  },
};
