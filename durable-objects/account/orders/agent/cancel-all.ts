import type { KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { logAbandoned } from "../../platform/log-abandoned.ts";
import { openNumbers, workingOrders } from "../facts/working-orders.ts";
import { type Asker, GATEWAY_CLIENT, type OrderParts, OWNER_CLIENT } from "../order-context.ts";
import type { Written } from "../rules/submits/submit-response.ts";
import { type InFlight, writesUnderWay } from "../sidecar-calls/in-flight.ts";
import { coidsUnderKeys } from "../tables/idempotency-keys.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { engagedKills } from "../tables/kill-switches.ts";
import { raiseAlert } from "../transactions/raise-alert.ts";
import { cancelIntent } from "./cancel-order.ts";

/**
 * Cancels what may still fill, as a kill switch wants it. An order whose number at the broker is
 * not known is waited for, then looked for by its reference; one that is not found is reported to
 * the owner as not cancelled, and is cancelled as soon as it turns up while the switch is engaged.
 */

const logFailed = logAbandoned("orders.cancel_working");

/** How long the answer of an order that is on its way out is waited for. */
const WRITE_WAIT_MS = 22_000;

/**
 * Asks for every one that the switch covers; how many. Nothing waits for the answers. Without
 * `exits`, what only reduces a position stands: a protection is the owner's to take away.
 */
export function cancelWorking(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  covers: { scope: KillScope; subject: string | null; exits: boolean },
): number {
  const orders = workingOrders(parts.storage.sql, covers).filter(
    ({ effect }) => covers.exits || effect !== "exit",
  );
  for (const intent of orders) {
    cancelOne(parts, inFlight, asker, intent).catch((error) => {
      logFailed(error);
      reportNotCancelled(
        parts,
        intent,
        null,
        asker.requestId,
        "The gateway failed in an unexpected way.",
      );
    });
  }
  return orders.length;
}

/**
 * An order that was in doubt when the owner, or the policy, said "freeze and cancel", and that
 * stands after all, is cancelled now; each number once under one switch. When the PC, or its broker
 * session, is back (`untaken`), so is what nobody took up while it was away.
 */
export function cancelFound(
  parts: OrderParts,
  inFlight: InFlight,
  requestId: string,
  what: "new" | "untaken" = "new",
): void {
  const { sql } = parts.storage;
  for (const kill of engagedKills(sql)) {
    const { cancelFrom } = kill;
    if (cancelFrom === null) continue;
    for (const intent of workingOrders(sql, kill)) {
      if (intent.created_at > cancelFrom) continue;
      for (const orderId of openNumbers(intent)) {
        if (orderId === null) continue;
        const asked = askedUnder(sql, intent.coid, orderId, cancelFrom);
        if (what === "new" ? asked.length > 0 : !asked.every((one) => isUntaken(one))) continue;
        const asker = { kind: "gateway", requestId } as const;
        askFor(parts, inFlight, asker, intent, orderId).catch((error) => {
          logFailed(error);
          reportNotCancelled(
            parts,
            intent,
            orderId,
            requestId,
            "The gateway failed in an unexpected way.",
          );
        });
      }
    }
  }
}

async function cancelOne(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  intent: IntentRow,
): Promise<void> {
  if (openNumbers(intent).includes(null)) await waitForWrite(inFlight, intent.broker_account);
  const latest = findIntent(parts.storage.sql, intent.coid);
  if (latest === null || isTerminal(latest.state)) return;
  const numbers = openNumbers(latest);
  // One part without a number: the PC looks for all of it by the reference.
  const asked = numbers.includes(null) ? [null] : numbers;
  await Promise.all(asked.map((orderId) => askFor(parts, inFlight, asker, latest, orderId)));
}

/** The answer of the write in flight, which brings the number or the proof that nothing left. */
async function waitForWrite(inFlight: InFlight, account: string): Promise<void> {
  const write = writesUnderWay(inFlight, account);
  if (write === null) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([
    write,
    new Promise((resolve) => {
      timer = setTimeout(resolve, WRITE_WAIT_MS);
    }),
  ]);
  clearTimeout(timer);
}

async function askFor(
  parts: OrderParts,
  inFlight: InFlight,
  asker: Asker,
  intent: IntentRow,
  orderId: string | null,
): Promise<void> {
  const key = `kill:${intent.coid}:${orderId ?? "-"}:${asker.requestId}`.slice(0, 128);
  const done = await cancelIntent(parts, inFlight, asker, intent, orderId, key);
  const why = notTaken(done);
  if (why === null) return;
  // It ended while it was asked for: then there is nothing to report.
  const now = findIntent(parts.storage.sql, intent.coid);
  if (now !== null && !isTerminal(now.state))
    reportNotCancelled(parts, intent, orderId, asker.requestId, why);
}

/** Why a cancel was not taken; null when it was. */
function notTaken(done: Written): string | null {
  if (!done.ok) return done.failure.message;
  const { order, refusals } = done.answer;
  if (order !== null && order.state !== "rejected") return null;
  const reasons = [
    ...[...refusals, ...(order?.refusals ?? [])].map(({ message }) => message),
    ...(order?.alerts ?? []),
  ];
  return (
    [...new Set(reasons)].join(" ") || (order?.broker_text?.untrusted_text ?? order?.means ?? "")
  );
}

/** A cancel that a switch asked for and that was not taken: the owner must know it at once. */
function reportNotCancelled(
  parts: OrderParts,
  intent: IntentRow,
  orderId: string | null,
  requestId: string,
  why: string,
): void {
  raiseAlert(parts, {
    key: `cancel_refused:${intent.coid}:${orderId ?? "-"}:${requestId}`,
    kind: "cancel_refused",
    brokerAccount: intent.broker_account,
    coid: intent.coid,
    message: `The kill switch asked to withdraw an order and it was not withdrawn. ${why}`.slice(
      0,
      500,
    ),
    brokerText: null,
    cancelOffered: orderId === null ? [] : [orderId],
  });
}

/** By whom does not matter: before the gateway signed for itself, it asked in the owner's name. */
const askedUnder = (
  sql: SqlStorage,
  coid: string,
  orderId: string,
  sinceMs: number,
): (IntentRow | null)[] =>
  [OWNER_CLIENT, GATEWAY_CLIENT]
    .flatMap((name) => coidsUnderKeys(sql, name, `kill:${coid}:${orderId}:`, sinceMs))
    .map((cancel) => findIntent(sql, cancel));

/** The PC did not take it up: it was away, or its broker session was. What it refused is no such one. */
function isUntaken(cancel: IntentRow | null): boolean {
  if (cancel?.state !== "rejected") return false;
  const outcome = OrderOutcome.safeParse(JSON.parse(cancel.outcome ?? "null"));
  return !outcome.success || outcome.data.refusals.some(({ rule }) => rule === "taken_up");
}
