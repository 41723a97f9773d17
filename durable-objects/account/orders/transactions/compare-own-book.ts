import type { OwnBookReport } from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import type { OrderParts } from "../order-context.ts";
import { seenAtBroker } from "../tables/intents/at-broker.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { noteGone } from "../tables/pc-statements.ts";
import { findPreview } from "../tables/previews.ts";
import { isExplained } from "./cross-check.ts";
import { keepApprovers, keepPcStatements } from "./keep-pc-statements.ts";
import { raiseAlert } from "./raise-alert.ts";

/** What this object and the PC hold against one another: at most so old, as executions are shown. */
export const OWN_BOOK_WINDOW_MS = 7 * 24 * 60 * 60_000;

/** One thing that one side holds and another does not. */
interface Left {
  readonly what: "order" | "execution" | "sent" | "book";
  readonly id: string;
  readonly coid: string;
  readonly why: string;
  readonly message: string;
}

/**
 * The PC's own book, as it came with a reading of the broker's, against the log: every order and
 * execution at the broker has its leaf, its approval or mandate and its entry at the PC, and the other
 * way round. What is left over is an alert and a leaf, once; what the broker shows no more is a leaf.
 * `known`: orders that the PC had told of when it was asked, or tells of with this answer; of any other
 * it need not have had an entry yet.
 */
export function compareOwnBook(
  parts: OrderParts,
  brokerAccount: string,
  report: OwnBookReport,
  { askedOf, known }: { askedOf: string | null; known: ReadonlySet<string> },
): void {
  const { storage } = parts;
  storage.transactionSync(() => {
    if (askedOf !== null) keepPcStatements(parts, report, askedOf);
    keepApprovers(parts, report.pc_key, report.approvers ?? []);
    const left = [
      ...fromPc(parts, report, askedOf),
      ...unexplainedExecutions(parts, brokerAccount, report),
      ...withoutEntry(parts, brokerAccount, report, askedOf).filter(({ coid }) => known.has(coid)),
    ];
    for (const one of left) tell(parts, brokerAccount, askedOf, one);
    for (const coid of report.gone) {
      if (!noteGone(storage.sql, coid)) continue;
      leaf(parts, "book.not_reconcilable", { brokerAccount, askedOf, meta: { coid } });
    }
  });
}

/** What the PC found left over; what it does not know may have been another PC's. */
function fromPc(parts: OrderParts, report: OwnBookReport, askedOf: string | null): Left[] {
  const found = report.unmatched.flatMap(({ what, id, order_ref, why }): Left[] => {
    if (why === "unknown_here" && isAnothers(parts, order_ref, askedOf)) return [];
    return [{ what, id, coid: order_ref, why, message: MESSAGE[why] }];
  });
  if (report.broken_at === null) return found;
  const id = String(report.broken_at);
  return [...found, { what: "book", id, coid: "", why: "changed", message: MESSAGE.changed }];
}

function unexplainedExecutions(
  parts: OrderParts,
  brokerAccount: string,
  report: OwnBookReport,
): Left[] {
  return report.executions
    .filter(({ order_ref }) => !isExplained(parts, brokerAccount, order_ref))
    .map(({ execution_id, order_ref }) => ({
      what: "execution",
      id: execution_id,
      coid: order_ref,
      why: "not_let_out",
      message: MESSAGE.not_let_out,
    }));
}

/** Orders that stand or filled, by this PC's own telling, of which its book has no entry. */
function withoutEntry(
  parts: OrderParts,
  brokerAccount: string,
  report: OwnBookReport,
  askedOf: string | null,
): Left[] {
  // A book that has not begun, or a list that was cut, says nothing of what is not in it.
  if (report.since === null || report.sent.length >= SENT_MAX) return [];
  const { sql } = parts.storage;
  const since = Math.max(Date.parse(report.since), parts.now() - OWN_BOOK_WINDOW_MS);
  const sent = new Set(report.sent);
  return seenAtBroker(sql, brokerAccount, since)
    .filter(({ coid }) => !sent.has(coid) && !isAnothers(parts, coid, askedOf))
    .map(({ coid }) => ({
      what: "sent",
      id: coid,
      coid,
      why: "no_pc_entry",
      message: MESSAGE.no_pc_entry,
    }));
}

const SENT_MAX = 1_000;

/** Whether another PC than the one that was asked had the order. */
function isAnothers({ storage }: OrderParts, ref: string, askedOf: string | null): boolean {
  const { sql } = storage;
  const intent = findIntent(sql, ref) ?? findIntent(sql, ref.replace(/-[a-z]$/, ""));
  const preview = intent?.preview_id == null ? null : findPreview(sql, intent.preview_id);
  return preview !== null && preview.sidecarId !== askedOf;
}

function tell(
  parts: OrderParts,
  brokerAccount: string,
  askedOf: string | null,
  { what, id, coid, why, message }: Left,
): void {
  const raised = raiseAlert(parts, {
    key: `book:${what}:${id}`,
    kind: "unexplained_order",
    brokerAccount,
    coid: coid === "" ? null : coid.slice(0, 64),
    message,
    brokerText: null,
    cancelOffered: [],
  });
  if (!raised) return;
  const meta = { what, id, why, ...(coid === "" ? {} : { coid }) };
  leaf(parts, "book.unmatched", { brokerAccount, askedOf, meta });
}

function leaf(
  { log }: OrderParts,
  type: "book.unmatched" | "book.not_reconcilable",
  about: { brokerAccount: string; askedOf: string | null; meta: Record<string, string> },
): void {
  log({
    type,
    kind: "sidecar",
    clientId: null,
    sidecarId: about.askedOf,
    brokerAccount: about.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: "",
    meta: about.meta,
  });
}

const MESSAGE = {
  unknown_here:
    "The broker's book shows an order with a reference of this gateway that the PC knows nothing of. Engage the kill switch and look at the account.",
  not_stated:
    "The broker's book shows an order that the PC has no record of sending. Engage the kill switch and look at the account.",
  not_at_broker:
    "The PC sent an order that the broker's book does not show. Look at the account at the broker.",
  not_let_out:
    "Something was executed under a reference of this gateway that its log does not explain. Engage the kill switch and look at the account.",
  no_pc_entry:
    "An order stands or was filled, and the PC's own book has no entry of sending it. Look at the account at the broker.",
  changed:
    "The PC's own book of what it sent was changed. Look at the PC: what it states from there on proves nothing.",
} as const;
