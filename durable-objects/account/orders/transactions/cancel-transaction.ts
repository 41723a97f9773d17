import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { CancelBy } from "@ibkr-edge-gateway/protocol/operation-schemas/order-cancel.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { clientKnows } from "../../relay/client-knows.ts";
import type { Conditions } from "../facts/edge-facts.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import { cancelInFlight, noRoomToCancel } from "../rules/cancels/cancel-limits.ts";
import { isProtective } from "../rules/cancels/protective-order.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import type { OrderJob, SubmitRequest } from "../rules/submits/submit-decision.ts";
import { seenKey } from "../rules/submits/used-idempotency-key.ts";
import { keepKey } from "../tables/idempotency-keys.ts";
import { findIntent, type IntentRow, insertIntent } from "../tables/intents/rows.ts";
import { placementsNumbered } from "../tables/joint/orders-by-number.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { policyInForce } from "../tables/policies.ts";

/**
 * The cancel of an order this gateway let out. It reads nothing first: no market and no figure can
 * stand in the way of cancelling. Only who asks is judged, and whether it was asked before; and an
 * agent takes no protective stop off where the policy leaves that to the owner.
 */
export type CancelDecision =
  | { kind: "go"; coid: string; epoch: number; job: OrderJob }
  /** The same request again, or an agent's for an order that is being cancelled already. */
  | { kind: "replay"; coid: string }
  | { kind: "refused"; refusals: OrderRefusal[] };

export type CancelRequest = Pick<
  SubmitRequest,
  "requestId" | "key" | "digest" | "nonce" | "jobId"
> & {
  own: IntentRow;
  /** Null when the broker's number is not known here: the PC looks for it by our reference. */
  orderId: string | null;
  /** A kill switch asks, for each order that may still fill: it waits for no room. */
  bySwitch: boolean;
};

/** The order of ours to which the broker gave this number; null when it is not known here. */
export function ownOrder(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: IntentRow["mode"]; orderId: string },
): IntentRow | null {
  for (const { coid, brokerAccount } of placementsNumbered(sql, order)) {
    if (brokerAccount !== order.brokerAccount) continue;
    const intent = findIntent(sql, coid);
    const outcome = OrderOutcome.safeParse(JSON.parse(intent?.outcome ?? "null"));
    if (outcome.success && outcome.data.orders.some((part) => part.order_id === order.orderId)) {
      return intent;
    }
  }
  return null;
}

/** The account in which we have an order under this number; null when that is none or several. */
export function accountOfOrder(
  sql: SqlStorage,
  order: { mode: IntentRow["mode"]; orderId: string },
): string | null {
  const numbered = placementsNumbered(sql, order).map(({ brokerAccount }) => brokerAccount);
  const accounts = [...new Set(numbered)].filter(
    (brokerAccount) => ownOrder(sql, { ...order, brokerAccount }) !== null,
  );
  const [only, another] = accounts;
  return another === undefined ? (only ?? null) : null;
}

/** All or nothing: the cancel's own intent, what its key stands for, and its leaf; or a refusal's. */
export function cancelTransaction(
  storage: OrderStorage,
  request: CancelRequest,
  conditions: Conditions,
  log: OrderLog,
): CancelDecision {
  return storage.transactionSync(() => {
    const { sql } = storage;
    const { client, nowMs } = conditions;
    const seen = seenKey(sql, client.clientId, request);
    if (seen?.kind === "replay") return { kind: "replay", coid: seen.coid };
    const refusals =
      seen?.kind === "refused" ? seen.refusals : standingOf(sql, request, conditions);
    if (refusals.length === 0 && client.kind === "agent") {
      const { broker_account: brokerAccount, mode } = request.own;
      const coid = cancelInFlight(sql, { brokerAccount, mode, target: namedBy(request) }, nowMs);
      if (coid !== null) {
        keepKey(sql, client.clientId, request, coid, nowMs);
        return { kind: "replay", coid };
      }
      const full = request.bySwitch ? null : noRoomToCancel(sql, brokerAccount, nowMs);
      if (full !== null) refusals.push(full);
    }
    if (refusals.length > 0) {
      logRefused(request, refusals, conditions, log);
      return { kind: "refused", refusals };
    }
    const coid = letCancelOut(sql, request, conditions, log);
    return {
      kind: "go",
      coid,
      epoch: killEpoch(sql),
      job: cancelJob(request, coid, askerFor(sql, client.kind)),
    };
  });
}

/** How the order is named: by the broker's number, or by our reference where it is not known. */
const namedBy = ({ orderId, own }: CancelRequest): string => orderId ?? own.coid;

function letCancelOut(
  sql: SqlStorage,
  request: CancelRequest,
  conditions: Conditions,
  log: OrderLog,
): string {
  const { own, orderId, nonce } = request;
  const { client, nowMs } = conditions;
  const { broker_account: account_id } = own;
  const said = { order_id: orderId, order_ref: own.coid, nonce, account_id };
  const coid = `ieg1-${digestOf("ibkr-cancel/v1", said).slice(0, 32)}`;
  const written = insertIntent(sql, {
    ...own,
    coid,
    intent_hash: null,
    approval_id: null,
    preview_id: null,
    client_id: client.clientId,
    action: "cancel",
    effect: null,
    job_id: request.jobId,
    orders: 0,
    notional: "0",
    day: tradingDay(nowMs),
    created_at: nowMs,
    withdraws: namedBy(request),
    waits: null,
  });
  if (!written) throw new Error(`cancel ${coid} was sent before`);
  keepKey(sql, client.clientId, request, coid, nowMs);
  log({
    ...leafOf(request, conditions),
    type: "order.submitted",
    decision: "allow",
    errorCode: null,
    meta: { coid, action: "cancel", mode: own.mode, cancels: own.coid, job_id: request.jobId },
  });
  return coid;
}

function cancelJob({ own, orderId, jobId }: CancelRequest, coid: string, by: CancelBy): OrderJob {
  return {
    jobId,
    operation: "order.cancel",
    input: {
      account_id: own.broker_account,
      mode: own.mode,
      coid,
      order_id: orderId,
      order_ref: own.coid,
      by,
      approval: null,
    },
  };
}

/**
 * Who asks, in the words that the PC said it knows. One that does not know the gateway's own is told
 * the owner's: an agent's cancel waits while the broker keeps everybody silent, and this one must not.
 */
function askerFor(sql: SqlStorage, kind: Conditions["client"]["kind"]): CancelBy {
  if (kind !== "gateway") return kind;
  return clientKnows(sql, "cancel-by-gateway") ? "gateway" : "owner";
}

const leafOf = ({ own, requestId }: CancelRequest, { client, sidecarId }: Conditions) => ({
  kind: client.kind,
  clientId: client.kind === "agent" ? client.clientId : null,
  sidecarId,
  brokerAccount: own.broker_account,
  requestId,
});

function logRefused(
  request: CancelRequest,
  refusals: readonly OrderRefusal[],
  conditions: Conditions,
  log: OrderLog,
): void {
  const { own, orderId } = request;
  log({
    ...leafOf(request, conditions),
    type: "order.refused",
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    meta: {
      at: "cancel",
      order_ref: own.coid,
      ...(orderId === null ? {} : { order_id: orderId }),
      codes: refusals.map(({ code }) => code).join(","),
    },
  });
}

function standingOf(
  sql: SqlStorage,
  { own, orderId, bySwitch }: CancelRequest,
  { client, nowMs }: Conditions,
): OrderRefusal[] {
  if (client.kind !== "agent") return [];
  const scope = `ibkr:orders:${own.mode}:cancel`;
  if (!client.scopes.includes(scope)) {
    return [refusal("AUTH_MISSING_SCOPE", "scope", "granted", `The agent's grant lacks ${scope}.`)];
  }
  const policy = policyInForce(sql, own.broker_account, nowMs)?.document ?? null;
  const named = policy?.clients.allowed ?? null;
  const mayAct =
    (client.accounts === null || client.accounts.includes(own.broker_account)) &&
    (named === null || named.includes(client.clientId));
  if (!mayAct) {
    return [
      refusal(
        "CLIENT_NOT_ALLOWED",
        "account_id",
        "allowed",
        "The owner does not let this agent trade in this account.",
      ),
    ];
  }
  const kept = policy?.portfolio.remove_stop === false && !bySwitch;
  return kept && isProtective(sql, own, orderId, nowMs)
    ? [
        refusal(
          "PROTECTION_WEAKENED",
          "order_id",
          "remove_stop",
          "This stop protects a position (or it is the partly filled entry of a bracket, whose stop goes with it), and the account's limits leave it to the owner to cancel one. Ask the owner: under Orders on the gateway's pages it is cancelled with one tap.",
        ),
      ]
    : [];
}
