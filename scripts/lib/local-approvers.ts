import { loadPairing } from "../../sidecar/src/config/pairing-file.ts";
import { orderStorePath } from "../../sidecar/src/orders/local-files.ts";
import { openOrderStore } from "../../sidecar/src/orders/store.ts";
import { approverFingerprint, enrolApprover, UNASKED } from "../../sidecar/src/trust/approvers.ts";
import type { Gateway } from "./gateway.ts";

/**
 * Lets the passkeys that were added in the console since the last start approve orders at the
 * simulator's PC; their six words. A PC that was paired for a broker is left alone: there a person
 * is asked. Called before that PC's sidecar runs.
 */
export async function enrolLocalPasskeys(
  gateway: Pick<Gateway, "sql">,
  configDir: string,
): Promise<string[]> {
  const pairing = loadPairing(configDir);
  if (pairing?.simulated !== true) return [];
  const passkeys = await gateway.sql<{ credential_id: string; public_key: string; name: string }>(
    "Account",
    pairing.account_id,
    "SELECT credential_id, public_key, name FROM passkeys ORDER BY added_at",
  );
  const store = openOrderStore(orderStorePath(configDir, pairing));
  try {
    return passkeys.flatMap(({ credential_id: credentialId, public_key, name: label }) => {
      const publicKey = new Uint8Array(Buffer.from(public_key, "base64url"));
      const approver = { credentialId, publicKey, label, enrolledBy: UNASKED };
      return enrolApprover(store.db, approver, Date.now()) ? [approverFingerprint(publicKey)] : [];
    });
  } finally {
    store.close();
  }
}
