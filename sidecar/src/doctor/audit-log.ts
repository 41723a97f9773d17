import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import {
  ACCEPT_COMMAND,
  type LogStanding,
  standingInWords,
} from "../trust/witness/log-standing.ts";
import { storedStanding } from "../trust/witness/open-store.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

const LAYER = "audit log";

/** How the gateway's audit log stands to what this PC cosigned, by the PC's own store. */
export function checkLog(configDir: string, nowMs: number): Finding {
  try {
    const pairing = loadPairing(configDir);
    return pairing === null
      ? unknown(LAYER, "Not asked: this PC is not paired.")
      : logFinding(storedStanding(configDir, pairing), nowMs);
  } catch (error) {
    const says = error instanceof UsageError ? error.message : "This PC's record of it is damaged.";
    return wrong(LAYER, says, "Restore the file audit-witness-… from a copy, or ask for help.");
  }
}

/** Times are Unix milliseconds. */
export function logFinding(standing: LogStanding, nowMs: number): Finding {
  if (standing.state === "unwitnessed") {
    return unknown(LAYER, "The gateway has shown this PC no head of its audit log yet.");
  }
  const differs = standingInWords(standing);
  if (differs !== null) {
    return wrong(
      LAYER,
      differs,
      `See what differs with \`${sidecarCommand("status")}\`; once you know why, \`${sidecarCommand(ACCEPT_COMMAND)}\`.`,
    );
  }
  const { size, cosignedAt, origin } = standing;
  return ok(
    LAYER,
    `Whole: this PC cosigned it up to entry ${size}, ${ago(nowMs - cosignedAt)}, as ${origin}.`,
  );
}

/** A log to which nothing is added has no newer head: an old one is no fault by itself. */
function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "less than a minute ago";
  if (minutes < 120) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}
