import { CAPABILITIES, type Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../../config/private-files.ts";

export const POLICY_FILE = "policy.json";

/**
 * What this PC allows at most. The gateway can narrow it and never widen it; `orders.live` is off
 * until its owner writes it here.
 */
export const LocalPolicy = z.strictObject({
  offer: z.array(z.enum(CAPABILITIES)),
  /** Broker accounts that may be named; null allows every one of the login's. */
  broker_accounts: z.array(z.string().min(1).max(32)).nullable(),
});
export type LocalPolicy = z.infer<typeof LocalPolicy>;

const DEFAULT_OFFER: Capability[] = ["broker.read", "orders.paper", "events", "chunks"];

/** The policy file, written with careful defaults when there is none. */
export function loadLocalPolicy(configDir: string): LocalPolicy {
  const stored = readPrivateJson(configDir, POLICY_FILE, LocalPolicy);
  if (stored !== null) return stored;
  const policy: LocalPolicy = { offer: DEFAULT_OFFER, broker_accounts: null };
  writePrivateJson(configDir, POLICY_FILE, policy);
  return policy;
}
