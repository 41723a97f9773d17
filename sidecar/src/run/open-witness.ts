import type { Pairing } from "../config/pairing-file.ts";
import { engageKillSwitch } from "../trust/limits/kill-switch-file.ts";
import { openSigningKey, WITNESS_KEY_FILE } from "../trust/pc-keys/statement-and-witness-keys.ts";
import { FORK_REASON, type LogStanding, standingInWords } from "../trust/witness/log-standing.ts";
import { openWitnessStore, witnessStorePath } from "../trust/witness/open-store.ts";
import { createWitness, type LogWitness } from "../trust/witness/witness.ts";

export interface OpenWitness {
  readonly witness: LogWitness;
  close(): void;
}

/**
 * The witness of the gateway's audit log as this PC has it: a store and a key of its own. A log that
 * contradicts what is held engages the kill switch of this PC; what merely lacks its end stops entries.
 */
export function openWitness(
  configDir: string,
  pairing: Pairing,
  parts: {
    killSwitchPath: string;
    now: () => number;
    /** Reaches the owner by every way that this PC has. */
    tell: (message: string) => void;
    log: (message: string, standing: LogStanding) => void;
  },
): OpenWitness {
  const db = openWitnessStore(witnessStorePath(configDir, pairing));
  const { killSwitchPath, now, tell, log } = parts;
  const witness = createWitness({
    db,
    key: openSigningKey(configDir, WITNESS_KEY_FILE),
    name: witnessName(pairing),
    now,
    onDiffers(standing) {
      const words = standingInWords(standing);
      if (words === null) return;
      if (standing.state !== "rolled_back") engageKillSwitch(killSwitchPath, FORK_REASON, now());
      log("the gateway's audit log is not what this PC cosigned", standing);
      tell(words);
    },
    onHealed(standing) {
      log("the gateway's audit log is whole again", standing);
      tell(
        "The gateway's audit log has its missing entries back and goes on from what this PC cosigned. Entries go out again.",
      );
    },
  });
  return { witness, close: () => db.close() };
}

/** The witness's lasting name: under the gateway's, so that it tells one account's PC from another's. */
export const witnessName = (pairing: Pick<Pairing, "gateway_origin" | "sidecar_id">): string =>
  `${new URL(pairing.gateway_origin).host}/pc/${pairing.sidecar_id}`;
