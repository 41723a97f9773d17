import { randomBytes } from "node:crypto";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { loadPairing } from "../config/pairing-file.ts";
import { ensureConfigDir } from "../config/private-files.ts";
import { UsageError } from "../config/usage-error.ts";
import { loadDeviceKey } from "../trust/pc-keys/device-key.ts";
import { type Finding, ok, wrong } from "./finding.ts";

const LEAST_FREE_BYTES = 100 * 1024 * 1024;

/** The folder that holds keys and journal: private, writable, and with room. */
export function checkDisk(configDir: string): Finding {
  try {
    ensureConfigDir(configDir);
    const probe = join(configDir, `.doctor-${randomBytes(6).toString("hex")}`);
    writeFileSync(probe, "", { mode: 0o600, flag: "wx" });
    rmSync(probe);
    const disk = statfsSync(configDir);
    const free = disk.bavail * disk.bsize;
    if (free >= LEAST_FREE_BYTES) return ok("disk", "The configuration folder can be written.");
    return wrong(
      "disk",
      `Only ${Math.floor(free / 1024 / 1024)} MiB are free where the journal is kept.`,
      "Make room on the disk; without a journal no order is sent.",
    );
  } catch (error) {
    return wrong(
      "disk",
      error instanceof UsageError ? error.message : "The configuration folder cannot be written.",
      "Make the folder yours alone and writable, or choose another with --config-dir.",
    );
  }
}

export function checkPairing(configDir: string): Finding {
  try {
    const pairing = loadPairing(configDir);
    if (pairing === null || loadDeviceKey(configDir) === null) {
      return wrong("pairing", "This PC is not paired.", `Run: ${sidecarCommand("pair")}`);
    }
    return ok("pairing", `Paired with ${pairing.gateway_origin}.`);
  } catch (error) {
    return wrong(
      "pairing",
      error instanceof UsageError ? error.message : "The pairing cannot be read.",
      `Put the file right as it says, or pair anew with: ${sidecarCommand("pair --replace")}`,
    );
  }
}
