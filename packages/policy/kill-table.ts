import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/**
 * What an engaged kill switch blocks. One table for every place that asks: the policy, the submit
 * transaction and, in its own words, the sidecar. Engaged means: no entries, no changes. A cancel
 * passes, and so does a new order that can only reduce a position.
 */
export const KILL_SCOPES = ["gateway", "broker_account", "agent", "sidecar"] as const;
export type KillScope = (typeof KILL_SCOPES)[number];

export type OrderAction = "place" | "modify" | "cancel";

/**
 * Whether an engaged switch blocks an act. `effect`: what the order does to the position; null,
 * where that is not known, counts as an entry.
 */
export function killBlocks(action: OrderAction, effect: Effect["kind"] | null): boolean {
  switch (action) {
    case "cancel":
      return false;
    case "modify":
      return true;
    case "place":
      return effect !== "exit";
  }
}

/** Which switches cover a request. An agent's switch covers that agent alone. */
export function killCovers(
  engaged: { scope: KillScope; subject: string | null },
  request: { brokerAccountId: string; clientId: string | null },
): boolean {
  switch (engaged.scope) {
    case "gateway":
    case "sidecar":
      return true;
    case "broker_account":
      return engaged.subject === request.brokerAccountId;
    case "agent":
      return engaged.subject === request.clientId;
  }
}

/** What engaging does beyond blocking. Flattening is only shown; doing it is an act of its own. */
export const KILL_EFFECTS = [
  "freeze",
  "freeze_and_cancel",
  "freeze_cancel_and_show_flatten",
] as const;
export type KillEffect = (typeof KILL_EFFECTS)[number];

export const KILL_ACTORS = ["owner", "policy", "agent", "sidecar"] as const;
export type KillActor = (typeof KILL_ACTORS)[number];

/** Anyone may stop; only the owner, with the passkey, may go on. */
export const mayEngage = (_actor: KillActor): boolean => true;
/** Who may go on: the owner alone. That a passkey was used is proved elsewhere. */
export const mayLift = (actor: KillActor): boolean => actor === "owner";
