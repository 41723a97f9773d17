import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { Effect, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { anotherSession } from "@ibkr-edge-gateway/protocol/orders/waits-for-another-session.ts";
import {
  differenceInWords,
  WHAT_IF_TOLERANCE_PERCENT,
  whatIfDifference,
} from "@ibkr-edge-gateway/protocol/orders/what-if-agreement.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Clock } from "../../client-portal/clock.ts";
import { type CapsBefore, capFaults } from "../../trust/limits/cap-faults.ts";
import { DEFAULT_CAPS, leastTier } from "../../trust/limits/caps.ts";
import { killFaults } from "../../trust/limits/kill-switch-file.ts";
import type { LocalPolicy } from "../../trust/limits/local-policy-file.ts";
import { type IntentRecord, principalConid } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { type LocalRules, usageOf } from "../local-policy/local-rules.ts";
import type { Facts } from "./submit-context.ts";

/** What the PC's own rules are judged with. */
export interface LocalJudge {
  rules: Pick<LocalRules, "killSwitch" | "caps" | "policyFault" | "diskFault" | "logFault">;
  store: Pick<OrderStore, "open" | "sentSince" | "tradingSince">;
  clock: Pick<Clock, "now">;
}

/**
 * What this PC's own rules have against an order at this moment, at the preview and at the submit
 * alike: what stands in the way is said before the owner is asked. None of it trusts the edge, all of it
 * is cheap enough to be asked after every wait, and every reason is named.
 */
export function localFaults(
  parts: LocalJudge,
  order: CanonicalOrder,
  facts: Pick<Facts, "effect" | "notional" | "missing" | "units" | "dailyPnl">,
  before: CapsBefore | null = null,
): OrderRefusal[] {
  const { rules, store, clock } = parts;
  const usage = usageOf(store, clock.now(), facts.dailyPnl);
  const { notional, missing, units, effect } = facts;
  return [
    ...killFaults(rules.killSwitch(), order, effect),
    ...policyFaults(rules, order, effect),
    ...diskFaults(rules, order, effect),
    ...logFaults(rules, order, effect),
    ...capFaults(rules.caps(), order, { notional, missing, units, effect, usage }, before),
    ...doubtFaults(store, order, facts.effect),
    ...reduceOnlyFaults(order, facts.effect),
  ];
}

/** A policy that nobody can read lets nothing out but what reduces, and cancels. */
function policyFaults(
  rules: Pick<LocalRules, "policyFault">,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (effect?.kind === "exit" || order.action === "cancel") return [];
  const fault = rules.policyFault();
  return fault === null
    ? []
    : [
        refusal(
          "LOCAL_CAP_EXCEEDED",
          "policy",
          "policy_readable",
          `This PC's policy cannot be read, so only exits and cancels go out: ${fault}. At the PC, mend the file, or remove it to begin with the defaults.`,
        ),
      ];
}

/** What room is left is for exits and cancels: each of them has to be written down before it leaves. */
function diskFaults(
  { diskFault }: Pick<LocalRules, "diskFault">,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (effect?.kind === "exit" || order.action === "cancel") return [];
  const fault = diskFault?.() ?? null;
  return fault === null ? [] : [refusal("LOCAL_CAP_EXCEEDED", "disk", "room_on_disk", fault)];
}

/** Under a log that is not what this PC cosigned nothing new begins; exits and cancels are never held. */
function logFaults(
  { logFault }: Pick<LocalRules, "logFault">,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (effect?.kind === "exit" || order.action === "cancel") return [];
  const fault = logFault?.() ?? null;
  return fault === null ? [] : [refusal("LOCAL_CAP_EXCEEDED", "audit_log", "log_whole", fault)];
}

/** While nobody knows what became of one, no further entry of that account, contract and side. */
function doubtFaults(
  store: Pick<OrderStore, "open">,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (effect?.kind === "exit") return [];
  const leg = principalLeg(order);
  const beside = store
    .open()
    .some(
      (other) =>
        isInDoubt(other.state) &&
        other.account_id === order.account_id &&
        principalConid(other) === leg.contract.conid &&
        principalLeg(other.ticket.order).side === leg.side,
    );
  return beside
    ? [
        refusal(
          "ORDER_RECONCILING",
          "order",
          "no_doubt_beside",
          "The outcome of another order in this contract is not known yet; exits and cancels stay possible.",
        ),
      ]
    : [];
}

function reduceOnlyFaults(order: CanonicalOrder, effect: Effect | null): OrderRefusal[] {
  if (!order.reduce_only || effect?.kind === "exit") return [];
  return [
    refusal(
      "REDUCE_ONLY_WOULD_INCREASE",
      "reduce_only",
      "reduces",
      "The order was to reduce a position only, and by this PC's own read it would not.",
    ),
  ];
}

/** An entry is for the session that the owner read: it is not left at the broker for another one. */
export function openingFaults(
  ticket: Ticket,
  { effect, hours, rate }: Pick<Facts, "effect" | "hours" | "rate">,
): OrderRefusal[] {
  const { order, waits } = ticket;
  if (effect?.kind === "exit" || order.action === "cancel") return [];
  const another = anotherSession(waits, hours);
  return [
    ...(another === null
      ? []
      : [refusal("NOT_TRADABLE_NOW", "market", "session_as_read", another)]),
    ...whatIfFaults(ticket, { effect, rate }),
  ];
}

/** What the broker makes of the order is what this PC makes of it, or no position is opened. */
export function whatIfFaults(
  ticket: Ticket,
  { effect, rate }: Pick<Facts, "effect" | "rate">,
): OrderRefusal[] {
  if (effect?.kind === "exit" || ticket.order.action === "cancel") return [];
  const difference = whatIfDifference(ticket, parseFigure(rate));
  if (difference === null) return [];
  return [
    refusal(
      "WHATIF_DIFFERS",
      "notional",
      "agrees_with_what_if",
      `${differenceInWords(difference)} They differ by more than ${WHAT_IF_TOLERANCE_PERCENT} %, so no position is opened.`,
    ),
  ];
}

/** What the submit would refuse whatever is approved: this PC does not take orders of the mode. */
export function offerFaults(policy: LocalPolicy, order: CanonicalOrder): OrderRefusal[] {
  const { mode, account_id } = order;
  const listed = policy.broker_accounts === null || policy.broker_accounts.includes(account_id);
  const offered = policy.offer.includes(mode === "live" ? "orders.live" : "orders.paper");
  if (order.action === "cancel" || (offered && listed)) return [];
  return [
    refusal(
      "LOCAL_CAP_EXCEEDED",
      offered ? "account_id" : "mode",
      "offered_by_pc",
      offered
        ? "This PC's policy does not list the account."
        : `This PC does not take ${mode} orders. At the PC run \`${sidecarCommand(`policy ${mode} on`)}\`.`,
    ),
  ];
}

/** The broker session is the one of the preview, in the mode the ticket is for. */
export function sessionFaults(
  parts: {
    session(): Pick<BrokerSession, "generation" | "mode" | "state">;
    accounts(): readonly string[];
  },
  record: IntentRecord,
): OrderRefusal[] {
  const session = parts.session();
  const faults: OrderRefusal[] = [];
  if (session.generation !== record.generation) {
    faults.push(
      refusal(
        "GENERATION_CHANGED",
        "generation",
        "same_broker_session",
        "The broker session is another one since the preview.",
      ),
    );
  }
  if (session.mode !== record.ticket.order.mode) {
    faults.push(
      refusal(
        "ORDER_ACCOUNT_MODE_REFUSED",
        "mode",
        "proved_by_broker",
        `The broker does not prove a ${record.ticket.order.mode} session now.`,
      ),
    );
  }
  if (session.state !== "ready" || !parts.accounts().includes(record.account_id)) {
    faults.push(
      refusal("BROKER_SESSION_REQUIRED", "session", "ready", "The broker session is not ready."),
    );
  }
  return faults;
}

/**
 * What the caps file asks of an approval; a file that is wrong asks for the most, and of an exit what
 * the last good one asked.
 */
export function leastTierOf(
  rules: Pick<LocalRules, "caps">,
  order: CanonicalOrder,
  facts: Pick<Facts, "notional"> & Partial<Pick<Facts, "effect">>,
): 0 | 1 | 2 {
  const file = rules.caps();
  if (file.ok) return leastTier(file.caps, order, facts.notional);
  if (facts.effect?.kind !== "exit") return 2;
  return leastTier(file.last ?? DEFAULT_CAPS, order, facts.notional);
}

export function driftOf(rules: LocalRules): string {
  const file = rules.caps();
  return file.ok ? file.caps.max_price_drift_bps : "0";
}

export function mandatesAllowed(rules: LocalRules, order: CanonicalOrder): boolean {
  const file = rules.caps();
  return file.ok && file.caps[order.mode].mandates;
}
