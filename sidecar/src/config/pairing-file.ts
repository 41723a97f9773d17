import { CAPABILITIES } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import { PublicKey } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import * as z from "zod";
import { isAllowedAddress } from "./gateway-url.ts";
import { readPrivateJson, writePrivateJson } from "./private-files.ts";

const FILE = "pairing.json";

/** What pairing left behind: whose sidecar this is, where it dials, and whom it believes. */
export const Pairing = z.strictObject({
  gateway_origin: z.url().refine((url) => isAllowedAddress(url, ["https:", "http:"])),
  relay_url: z.url().refine((url) => isAllowedAddress(url, ["wss:", "ws:"])),
  account_id: z.string().min(1).max(128),
  sidecar_id: z.string().min(1).max(128),
  /** The only key whose proof this sidecar accepts. */
  edge_identity_key: PublicKey,
  capabilities: z.array(z.enum(CAPABILITIES)),
  paired_at: z.iso.datetime(),
  /** Paired for the simulator, so that nobody was asked about the approver: good for nothing else. */
  simulated: z.literal(true).optional(),
});
export type Pairing = z.infer<typeof Pairing>;

export function loadPairing(configDir: string): Pairing | null {
  return readPrivateJson(configDir, FILE, Pairing);
}

export function storePairing(configDir: string, pairing: Pairing): void {
  writePrivateJson(configDir, FILE, pairing);
}
