import type { KILL_EFFECTS, KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { engagedKills, type KillSwitch } from "../tables/kill-switches.ts";
import { engageKill } from "./kill-switches.ts";
import { raiseAlert } from "./raise-alert.ts";

const STILL_POSSIBLE = [
  "reading everything",
  "cancelling working orders",
  "new orders that can only reduce a position, with the owner's approval",
];

/** What an agent is told of the switches that cover it, and of what it asked to cancel. */
export function killStatus(parts: OrderParts, cancelling = 0, first = "") {
  const switches = engagedKills(parts.storage.sql);
  return {
    engaged: switches.length > 0,
    switches: switches.map(({ scope, actor, reason, effect, engagedAt }) => ({
      scope,
      engaged_by: actor,
      reason,
      effect,
      since: iso(engagedAt),
    })),
    still_possible: switches.length > 0 ? STILL_POSSIBLE : [],
    cancelling,
    next_step:
      switches.length > 0
        ? `${first}Only the owner lifts it, in the console, with a passkey.`
        : "Nothing is engaged.",
  };
}

const WHO: Record<KillSwitch["actor"], string> = {
  owner: "The owner",
  policy: "The gateway itself",
  agent: "An agent",
  sidecar: "The PC",
};

const WHAT: Record<KillScope, string> = {
  gateway: "every account",
  broker_account: "one broker account",
  agent: "one agent",
  sidecar: "everything at the PC",
};

/** Stops entries and changes at once, for whoever asks. Holds for every submit after this turn. */
export function engage(
  parts: OrderParts,
  kill: {
    scope: KillScope;
    subject: string | null;
    actor: KillSwitch["actor"];
    reason: string;
    effect: (typeof KILL_EFFECTS)[number];
  },
  by: { clientId: string | null; requestId: string },
  /** What made the policy stop; none for people and agents. */
  cause: string | null = null,
): boolean {
  const { storage } = parts;
  return storage.transactionSync(() => {
    const engaged = engageKill(storage.sql, kill, parts.now());
    if (!engaged) return false;
    parts.log({
      type: "kill.engaged",
      kind: kill.actor === "owner" ? "owner" : kill.actor === "agent" ? "agent" : "gateway",
      clientId: by.clientId,
      sidecarId: null,
      brokerAccount: kill.scope === "broker_account" ? kill.subject : null,
      decision: "allow",
      errorCode: null,
      requestId: by.requestId,
      meta: {
        scope: kill.scope,
        effect: kill.effect,
        actor: kill.actor,
        ...(cause === null ? {} : { cause }),
      },
    });
    raiseAlert(parts, {
      key: `kill:${kill.scope}:${killEpoch(storage.sql)}`,
      kind: "kill_switch_engaged",
      brokerAccount: kill.scope === "broker_account" ? kill.subject : null,
      coid: null,
      message: `${WHO[kill.actor]} engaged the kill switch for ${WHAT[kill.scope]}. ${kill.reason}`,
      brokerText: null,
      cancelOffered: [],
    });
    return true;
  });
}
