import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { Command } from "commander";
import { loadPairing } from "../config/pairing-file.ts";
import { type RunStatus, readRunStatus, STATUS_STALE_MS } from "../config/status-file.ts";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import { loadDeviceKey } from "../trust/pc-keys/device-key.ts";
import { type LogStanding, standingInWords } from "../trust/witness/log-standing.ts";
import { storedStanding } from "../trust/witness/open-store.ts";
import { globalOptions } from "./options.ts";

/** Adds `status`: what is paired, whether it runs, and what to do next. */
export function register(program: Command): void {
  program
    .command("status")
    .summary("show pairing, connection and broker session")
    .option("--json", "print one JSON object")
    .action((flags: { json?: boolean }, command: Command) => {
      const report = statusReport(globalOptions(command).configDir);
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : `${inWords(report)}\n`,
      );
    });
}

interface StatusReport {
  paired: { gateway: string; sidecar_id: string; capabilities: string[]; since: string } | null;
  fingerprint: string | null;
  running: RunStatus | null;
  kill_switch_engaged: boolean;
  /** What this PC, as its witness, holds of the gateway's audit log. */
  audit_log: LogStanding;
  next_step: string | null;
}

function statusReport(configDir: string): StatusReport {
  const pairing = loadPairing(configDir);
  const written = readRunStatus(configDir);
  const running = written !== null && isAlive(written) ? written : null;
  return {
    paired:
      pairing === null
        ? null
        : {
            gateway: pairing.gateway_origin,
            sidecar_id: pairing.sidecar_id,
            capabilities: pairing.capabilities,
            since: pairing.paired_at,
          },
    fingerprint: loadDeviceKey(configDir)?.fingerprint ?? null,
    running,
    kill_switch_engaged: readKillSwitch(killSwitchPath(configDir)).engaged,
    audit_log: pairing === null ? { state: "unwitnessed" } : storedStanding(configDir, pairing),
    next_step: nextStep(pairing !== null, running, written),
  };
}

/** The process exists and has said so lately; a process id alone may be somebody else's by now. */
export function isAlive({ pid, written_at }: RunStatus): boolean {
  return Date.now() - Date.parse(written_at) <= STATUS_STALE_MS && processExists(pid);
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function nextStep(
  paired: boolean,
  running: RunStatus | null,
  written: RunStatus | null,
): string | null {
  if (!paired) return `Run: ${sidecarCommand("pair")}`;
  if (running === null) {
    return written?.relay.state === "stopped" && written.relay.trouble !== null
      ? `It was stopped: ${written.relay.trouble.message}. Put that right, then run: ${sidecarCommand("run")}`
      : `Run: ${sidecarCommand("run")}`;
  }
  if (running.relay.state !== "connected") {
    return running.relay.trouble === null
      ? "Wait: it is connecting."
      : `It cannot connect: ${running.relay.trouble.message}.`;
  }
  const next = running.broker?.next_step;
  return typeof next === "string" ? next : null;
}

function inWords({
  paired,
  fingerprint,
  running,
  kill_switch_engaged,
  audit_log,
  next_step,
}: StatusReport): string {
  const lines = [
    paired === null
      ? "Pairing:        none"
      : `Pairing:        ${paired.gateway} (${paired.capabilities.join(", ")})`,
  ];
  if (fingerprint !== null) lines.push(`This PC's key:  ${fingerprint}`);
  lines.push(
    running === null
      ? "Sidecar:        not running"
      : `Sidecar:        running, ${running.relay.state} since ${running.relay.since}`,
  );
  if (running?.broker != null) {
    const { state, meaning, mode, source } = running.broker;
    lines.push(`Broker session: ${String(state)}, ${String(mode)} (${String(source)})`);
    if (typeof meaning === "string") lines.push(`                ${meaning}`);
  }
  if (kill_switch_engaged) {
    lines.push(
      `Kill switch:    ENGAGED; no order opens or changes a position. Lift it with: ${sidecarCommand("unkill")}`,
    );
  }
  const differs = standingInWords(audit_log);
  lines.push(`Audit log:      ${differs ?? wholeInWords(audit_log)}`);
  if (next_step !== null) lines.push(`Next step:      ${next_step}`);
  else if (!kill_switch_engaged && differs === null)
    lines.push(
      "All is well at this PC. Whether trading is stopped at the gateway, its console says.",
    );
  return lines.join("\n");
}

function wholeInWords(standing: LogStanding): string {
  return standing.state === "unwitnessed"
    ? "unwitnessed; the gateway has shown this PC no head of it"
    : `cosigned by this PC up to entry ${standing.size}, ${new Date(standing.cosignedAt).toISOString()}`;
}
