import {
  type Breach,
  breachOf,
  type LossFigures,
} from "@ibkr-edge-gateway/policy/trading-state.ts";
import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { auditBacklogBlocksWrites, auditOutage } from "../../audit/outbox.ts";
import type { OrderParts } from "../order-context.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { feature } from "../rules/limits/trading-features.ts";
import { claimStop, lastStop } from "../tables/circuit-breaker-stops.ts";
import { latestOutcomes } from "../tables/intents/counted.ts";
import { policyInForce } from "../tables/policies.ts";
import { engage } from "./engage-kill-switch.ts";
import { raiseAlert } from "./raise-alert.ts";
import { tightenTradingState } from "./tighten-trading-state.ts";

/**
 * What stops trading by itself: a loss limit that is proved to be passed, a row of failed orders, an
 * audit log that cannot be copied. Each occasion stops once, with its cause, an alert and its leaf;
 * only the owner lifts it. What is unknown stops nothing here and passes for nothing either: the
 * checks deny entries that they cannot judge. Exits and cancels pass through every one of these.
 */
export type StopCause = Breach["cause"] | "error_streak" | "audit_backlog";

/** A row of failures counts no further back than this. */
const STREAK_MS = 24 * 3_600_000;
const STREAK_ROWS = 200;

/** Figures of an account, as they were just read; null is unknown. */
export function watchLoss(
  parts: OrderParts,
  brokerAccount: string,
  figures: LossFigures | null,
): void {
  const { storage } = parts;
  const nowMs = parts.now();
  // Most days: nothing is lost and no peak is known, so that no limit can be passed.
  const lost = parseFigure(figures?.daily_pnl)?.isNegative() === true;
  if (figures === null || (!lost && figures.peak_net_liquidation === null)) return;
  const policy = policyInForce(storage.sql, brokerAccount, nowMs);
  const breach = policy === null ? null : breachOf(figures, policy.document);
  if (breach === null) return;
  storage.transactionSync(() => {
    const { cause, state, observed, limit } = breach;
    const occasion = tradingDay(nowMs);
    if (!claimStop(storage.sql, { cause, subject: brokerAccount, occasion }, nowMs)) return;
    const reason =
      cause === "drawdown"
        ? `The account has fallen ${short(observed)} % from its peak; the limit is ${limit} %.`
        : `Today's loss is ${short(observed)}; the ${cause === "daily_loss_hard" ? "hard" : "soft"} limit is ${limit}.`;
    const halted = state === "halted";
    tightenTradingState(storage.sql, brokerAccount, { state, untilOwner: halted }, nowMs);
    if (halted) {
      stop(parts, { cause, brokerAccount, occasion, reason });
      return;
    }
    raiseAlert(parts, {
      key: `stop:${cause}:${brokerAccount}:${occasion}`,
      kind: cause,
      brokerAccount,
      coid: null,
      message: `${reason} Until the next trading day only orders that reduce a position pass.`,
      brokerText: null,
      cancelOffered: [],
    });
  });
}

/**
 * The latest orders of an account: a row of them that failed, or that nobody can prove, stops it. An
 * order that the PC never had, or refused before anything left (the order had changed, a wrong
 * number, a switch of its own), is no failure; one that still runs says nothing yet.
 */
export function watchErrors(parts: OrderParts, brokerAccount: string): void {
  const { storage } = parts;
  const { sql } = storage;
  const nowMs = parts.now();
  const cause = "error_streak";
  const since = Math.max(lastStop(sql, cause, brokerAccount) ?? 0, nowMs - STREAK_MS);
  const rows = latestOutcomes(sql, { brokerAccount, sinceMs: since }, STREAK_ROWS);
  const failed: string[] = [];
  for (const row of rows) {
    const { state } = row;
    if (state === "submitting" || state === "awaiting_confirmation" || row.delivered === 0) {
      continue;
    }
    if (state === "rejected" && row.proved_by === "sidecar_not_sent") continue;
    if (state !== "rejected" && !isInDoubt(state)) break;
    failed.push(row.coid);
  }
  const [occasion] = failed;
  if (occasion === undefined) return;
  const policy = policyInForce(sql, brokerAccount, nowMs);
  const limit = policy?.document.behaviour.stop_after_errors ?? null;
  if (limit === null || failed.length < limit) return;
  storage.transactionSync(() => {
    if (!claimStop(sql, { cause, subject: brokerAccount, occasion }, nowMs)) return;
    const reason = `${counted(failed.length, "order")} in a row failed or cannot be proved; the limit is ${limit}.`;
    stop(parts, { cause, brokerAccount, occasion, reason });
  });
}

/** The audit log's copy: once so much waits that entries are refused, everything stops. */
export function watchAudit(parts: OrderParts): void {
  const { storage } = parts;
  const { sql } = storage;
  const nowMs = parts.now();
  if (auditBacklogBlocksWrites(sql, nowMs) === null) return;
  // Where no orders are switched on there is nothing to stop.
  if (!feature(sql, "paper").enabled && !feature(sql, "live").enabled) return;
  const cause = "audit_backlog";
  storage.transactionSync(() => {
    // One outage is one occasion, and a copy that is catching up is still the same outage.
    const occasion = String(auditOutage(sql, nowMs));
    if (!claimStop(sql, { cause, subject: "", occasion }, nowMs)) return;
    const reason = "The audit log has not been copied for too long, so nothing new is sent.";
    stop(parts, { cause, brokerAccount: null, occasion, reason });
  });
}

function stop(
  parts: OrderParts,
  what: { cause: StopCause; brokerAccount: string | null; occasion: string; reason: string },
): void {
  const { cause, brokerAccount, occasion, reason } = what;
  const engaged = engage(
    parts,
    {
      scope: brokerAccount === null ? "gateway" : "broker_account",
      subject: brokerAccount,
      actor: "policy",
      reason,
      effect: "freeze",
    },
    { clientId: null, requestId: "" },
    cause,
  );
  if (engaged) return;
  // Somebody had stopped it before; the owner must know of this reason too before lifting.
  raiseAlert(parts, {
    key: `stop:${cause}:${brokerAccount ?? ""}:${occasion}`,
    kind: cause,
    brokerAccount,
    coid: null,
    message: `${reason} The kill switch was engaged already.`,
    brokerText: null,
    cancelOffered: [],
  });
}

/** A figure as it is read out: two places are enough. */
const short = (figure: string): string => figure.replace(/(\.\d\d)\d+$/, "$1");
