import { isReadOnlyYet } from "../../clients/clients.ts";
import type { AgentAsker, OrderParts } from "../order-context.ts";
import type { InFlight } from "../sidecar-calls/in-flight.ts";
import { engage, killStatus } from "../transactions/engage-kill-switch.ts";
import { cancelWorking } from "./cancel-all.ts";

/**
 * The switch in an agent's hand. Whoever may prepare orders may freeze, at once and for everything.
 * Cancelling touches other agents' orders and takes more: not in a client's first hour, in which it
 * may only read, and never what only reduces a position, as a stop that protects one.
 */
const EVERYTHING = { scope: "gateway", subject: null } as const;

const FROZEN_ONLY =
  "Working orders were not withdrawn: this client may only read in its first hour, and stop. ";
const EXITS_STAND = "Working orders that only reduce a position were left standing. ";

export function agentKill(
  parts: OrderParts,
  inFlight: InFlight,
  asker: AgentAsker,
  asked: { reason: string; cancel_working_orders: boolean },
) {
  const { reason, cancel_working_orders: wanted } = asked;
  const cancels = wanted && !isReadOnlyYet(parts.storage.sql, asker.clientId, parts.now());
  const effect = cancels ? "freeze_and_cancel" : "freeze";
  engage(parts, { ...EVERYTHING, actor: "agent", reason, effect }, asker);
  if (!cancels) return killStatus(parts, 0, wanted ? FROZEN_ONLY : "");
  const cancelling = cancelWorking(parts, inFlight, asker, { ...EVERYTHING, exits: false });
  return killStatus(parts, cancelling, EXITS_STAND);
}
