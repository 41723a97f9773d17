import { killCovers } from "@ibkr-edge-gateway/policy/kill-table.ts";
import { engagedKills, type KillSwitch } from "../tables/kill-switches.ts";

/** The engaged switches that cover one request. */
export function killsCovering(
  sql: SqlStorage,
  request: { brokerAccountId: string; clientId: string | null },
): KillSwitch[] {
  return engagedKills(sql).filter((kill) => killCovers(kill, request));
}
