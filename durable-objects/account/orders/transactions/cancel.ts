import { digestOf } from "@ibkr-edge-gateway/protocol/digest.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import type { OrderLog } from "../order-log.ts";
import { noRoomToWithdraw, withdrawalUnderWay } from "../rules/cancel-limits.ts";
import type { World } from "../rules/edge-facts.ts";
import { seenKey } from "../rules/seen-key.ts";
import type { OrderJob, SubmitRequest } from "../rules/submit-types.ts";
import { keepKey } from "../tables/idempotency-keys.ts";
import { findIntent, type IntentRow, insertIntent, placementsTelling } from "../tables/intents.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { policyInForce } from "../tables/policies.ts";
import type { OrderStorage } from "../tables/storage.ts";
import { tradingDay } from "../tables/trading-day.ts";

/**
 * The withdrawal of an order this gateway let out. It reads nothing first: no market, no figure and
 * no policy bound can stand in the way of taking an order back. Only who asks is judged, and whether
 * it was asked before.
 */
export type CancelDecision =
  | { kind: "go"; coid: string; epoch: number; job: OrderJob }
  /** The same request again, or an agent's for an order that is being withdrawn already. */
  | { kind: "replay"; coid: string }
  | { kind: "refused"; refusals: OrderRefusal[] };

/** The order of ours to which the broker gave this number; null when it is not known here. */
export function ownOrder(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: IntentRow["mode"]; orderId: string },
): IntentRow | null {
  const { brokerAccount, mode } = order;
  const text = `"${order.orderId}"`;
  for (const coid of placementsTelling(sql, { brokerAccount, mode, text })) {
    const intent = findIntent(sql, coid);
    const told = OrderOutcome.safeParse(JSON.parse(intent?.outcome ?? "null"));
    if (told.success && told.data.orders.some(({ order_id }) => order_id === order.orderId)) {
      return intent;
    }
  }
  return null;
}

export function cancelOwn(
  storage: OrderStorage,
  request: Pick<SubmitRequest, "requestId" | "key" | "digest" | "nonce" | "jobId"> & {
    own: IntentRow;
    /** Null when the broker's number is not known here: the PC looks for it by our reference. */
    orderId: string | null;
    /** A kill switch asks, for each order that may still fill: it waits for no room. */
    bySwitch: boolean;
  },
  world: World,
  log: OrderLog,
): CancelDecision {
  const { own, orderId } = request;
  const { client, nowMs } = world;
  return storage.transactionSync(() => {
    const { sql } = storage;
    const seen = seenKey(sql, client.clientId, request);
    if (seen?.kind === "replay") return { kind: "replay", coid: seen.coid };
    const refusals = seen?.kind === "refused" ? seen.refusals : standingOf(sql, own, world);
    const withdraws = orderId ?? own.coid;
    if (refusals.length === 0 && client.kind === "agent") {
      const order = { brokerAccount: own.broker_account, mode: own.mode, withdraws };
      const coid = withdrawalUnderWay(sql, order, nowMs);
      if (coid !== null) {
        keepKey(sql, client.clientId, request, coid, nowMs);
        return { kind: "replay", coid };
      }
      const full = request.bySwitch ? null : noRoomToWithdraw(sql, own.broker_account, nowMs);
      if (full !== null) refusals.push(full);
    }
    const leaf = {
      kind: client.kind,
      clientId: client.kind === "agent" ? client.clientId : null,
      sidecarId: world.sidecarId,
      brokerAccount: own.broker_account,
      requestId: request.requestId,
    };
    if (refusals.length > 0) {
      log({
        ...leaf,
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
      return { kind: "refused", refusals };
    }
    const said = {
      order_id: orderId,
      order_ref: own.coid,
      nonce: request.nonce,
      account_id: own.broker_account,
    };
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
      withdraws,
      waits: null,
    });
    if (!written) throw new Error(`cancel ${coid} was sent before`);
    keepKey(sql, client.clientId, request, coid, nowMs);
    log({
      ...leaf,
      type: "order.submitted",
      decision: "allow",
      errorCode: null,
      meta: { coid, action: "cancel", mode: own.mode, cancels: own.coid, job_id: request.jobId },
    });
    const { broker_account: account_id, mode } = own;
    return {
      kind: "go",
      coid,
      epoch: killEpoch(sql),
      job: {
        jobId: request.jobId,
        operation: "order.cancel",
        input: {
          account_id,
          mode,
          coid,
          order_id: orderId,
          order_ref: own.coid,
          // The PC has two words: an agent's waits while the broker keeps everybody silent.
          by: client.kind === "agent" ? "agent" : "owner",
          approval: null,
        },
      },
    };
  });
}

function standingOf(sql: SqlStorage, own: IntentRow, { client, nowMs }: World): OrderRefusal[] {
  if (client.kind !== "agent") return [];
  const scope = `ibkr:orders:${own.mode}:cancel`;
  if (!client.scopes.includes(scope)) {
    return [refusal("AUTH_MISSING_SCOPE", "scope", "granted", `The agent's grant lacks ${scope}.`)];
  }
  const named = policyInForce(sql, own.broker_account, nowMs)?.document.clients.allowed ?? null;
  const mayAct =
    (client.accounts === null || client.accounts.includes(own.broker_account)) &&
    (named === null || named.includes(client.clientId));
  return mayAct
    ? []
    : [
        refusal(
          "CLIENT_NOT_ALLOWED",
          "account_id",
          "allowed",
          "The owner does not let this agent trade in this account.",
        ),
      ];
}
