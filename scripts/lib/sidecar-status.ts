import { isAlive } from "../../sidecar/src/cli/status.ts";
import { loadPairing, type Pairing } from "../../sidecar/src/config/pairing-file.ts";
import { type RunStatus, readRunStatus } from "../../sidecar/src/config/status-file.ts";
import { UsageError } from "../../sidecar/src/config/usage-error.ts";
import { loadLocalPolicy } from "../../sidecar/src/trust/limits/local-policy-file.ts";
import { Sorry } from "./say.ts";

export interface SidecarStatus {
  /** What it is paired with, and for which broker. */
  pairing: Pairing | null;
  /** What the running process said of itself last. */
  running: RunStatus | null;
}

/** What `ibkr-sidecar status` reads, without a process for each look. */
export function sidecarStatus(configDir: string): SidecarStatus {
  return readable(configDir, () => {
    const running = readRunStatus(configDir);
    return {
      pairing: loadPairing(configDir),
      running: running !== null && isAlive(running) ? running : null,
    };
  });
}

/** Whether the PC offers something that its pairing does not grant yet, as after `policy live on`. */
export function offersMore(configDir: string, pairing: Pairing): boolean {
  const { offer } = readable(configDir, () => loadLocalPolicy(configDir));
  return offer.some((capability) => !pairing.capabilities.includes(capability));
}

function readable<T>(configDir: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new Sorry(`The sidecar's folder ${configDir} cannot be read: ${error.message}`);
  }
}
