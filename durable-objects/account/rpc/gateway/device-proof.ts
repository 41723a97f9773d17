import type { DeviceTokenType } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { checkDeviceToken } from "../../relay/device-token-check.ts";
import type { AccountParts } from "../account-parts.ts";

/** What a PC says of itself: its id, and a token that its device key signed. */
export interface DeviceClaim {
  readonly sidecarId: string;
  readonly token: string;
}

/**
 * Whether the device key of a paired PC signed the token, and for this purpose (`typ`). False where
 * there is no account: asking must not make one.
 */
export async function provesDevice(
  parts: AccountParts,
  typ: DeviceTokenType,
  { sidecarId, token }: DeviceClaim,
): Promise<boolean> {
  if (!parts.hasTables()) return false;
  const verdict = await checkDeviceToken(
    parts.sql,
    typ,
    { token, principal: sidecarId, journalId: "" },
    { origin: parts.party.origin, now: parts.now },
  );
  return verdict.ok;
}
