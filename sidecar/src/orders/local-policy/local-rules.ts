import { CAPABILITIES, type Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { type OwnersFile, readOwnersFile } from "../../config/torn-file.ts";
import { type Caps, type CapsFile, type CapsUsage, readCaps } from "../../trust/limits/caps.ts";
import {
  engageKillSwitch,
  type LocalKillSwitch,
  readKillSwitch,
} from "../../trust/limits/kill-switch-file.ts";
import { LocalPolicy, loadLocalPolicy, POLICY_FILE } from "../../trust/limits/local-policy-file.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { capsPath, killSwitchPath } from "./order-settings.ts";

/** The owner's word on this PC, read anew whenever it is asked for: a change holds from then on. */
export interface LocalRules {
  /** Of the file, or the last good one; a file that can't be read allows what takes no risk. */
  policy(): LocalPolicy;
  /** Why `policy.json` cannot be read now; null when it can. */
  policyFault(): string | null;
  /** Why what may open a position stops for want of room on the disk; null while there is room. */
  diskFault?(): string | null;
  /** Why what may open a position stops for the gateway's audit log; null while that is as it was. */
  logFault?(): string | null;
  killSwitch(): LocalKillSwitch;
  engage(reason: string, nowMs: number): void;
  caps(): CapsFile;
}

/**
 * @param settingsFault why `orders.json` could not be read when this PC was started; null when it could
 */
export function fileLocalRules(configDir: string, settingsFault: string | null = null): LocalRules {
  const switchPath = killSwitchPath(configDir);
  let lastCaps: Caps | null = null;
  /** Engaged while the disk would not take the file: it holds for as long as this process lives. */
  let unwritten: LocalKillSwitch | null = null;
  const policyNow = () => policyOf(configDir);
  return {
    policy: () => policyNow().value,
    policyFault: () => policyNow().fault ?? settingsFault,
    killSwitch: () => unwritten ?? readKillSwitch(switchPath),
    engage: (reason, nowMs) => {
      try {
        engageKillSwitch(switchPath, reason, nowMs);
      } catch (thrown) {
        unwritten = { engaged: true, since: new Date(nowMs).toISOString(), reason };
        throw thrown;
      }
    },
    caps: () => {
      const file = readCaps(capsPath(configDir));
      if (file.ok) lastCaps = file.caps;
      return file.ok || lastCaps === null ? file : { ...file, last: lastCaps };
    },
  };
}

/** `policy.json` as it counts now; never ends the program. */
export const policyOf = (configDir: string): OwnersFile<LocalPolicy> =>
  readOwnersFile(configDir, {
    name: POLICY_FILE,
    schema: LocalPolicy,
    load: () => loadLocalPolicy(configDir),
    otherwise: UNREAD,
  });

/** Without any policy no exit and no cancel is held back; whatever may open is refused by its fault. */
const UNREAD: LocalPolicy = { offer: [...CAPABILITIES], broker_accounts: null };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Orders that may have left this PC, however they ended. A day is the last 24 hours; what was sent
 * while nothing traded belongs to the opening that it waited for, where it fills with the others.
 */
export function usageOf(
  store: Pick<OrderStore, "sentSince" | "tradingSince">,
  nowMs: number,
  dailyPnl: string | null,
): CapsUsage {
  return {
    ordersToday: store.tradingSince(nowMs - DAY_MS),
    ordersLastMinute: store.sentSince(nowMs - MINUTE_MS),
    dailyPnl,
  };
}

/**
 * What the edge granted this job, held against the order itself: the capability of the order's mode,
 * offered by this PC now, and the account that is named in both. A grant for paper places nothing
 * live, whatever the input says.
 */
export function checkGrant(
  grant: { capability: Capability; brokerAccount: string | null } | undefined,
  input: { account_id: string; mode: "paper" | "live" },
  policy: LocalPolicy,
  act: "order" | "cancel" = "order",
): void {
  const needed: Capability = input.mode === "live" ? "orders.live" : "orders.paper";
  // What was placed while the mode was on can be cancelled after it was switched off.
  const offered = act === "cancel" || policy.offer.includes(needed);
  if (grant?.capability !== needed || !offered) {
    throw new GatewayError(
      failure("SIDECAR_CAPABILITY_MISSING", `This PC does not take ${input.mode} orders.`, {
        user_action: `At the PC run \`${sidecarCommand(`policy ${input.mode} on`)}\`.`,
      }),
    );
  }
  const listed =
    policy.broker_accounts === null || policy.broker_accounts.includes(input.account_id);
  if (grant.brokerAccount !== input.account_id || !listed) {
    throw new GatewayError(
      failure(
        "INPUT_UNAUTHORIZED_ACCOUNT",
        "The grant of this job is not for the account that the order names.",
      ),
    );
  }
}
