import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { approverAnnounce } from "@ibkr-edge-gateway/protocol/operation-schemas/approver-announce.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { contentHash } from "../audit/events.ts";
import type { RelayHost } from "../relay/relay-host-interface.ts";
import { keysForPc } from "./recovered-keys.ts";
import { listPasskeys } from "./tables/passkeys.ts";

const GRANT_MS = 60_000;

/**
 * Tells the PC which passkeys the owner has, so that whoever sits there can accept one by its six
 * words. Nothing depends on the answer: a PC that is away, or older than this, is told when it
 * connects next, or takes the key by hand.
 */
export async function announceKeys(sql: SqlStorage, relay: RelayHost): Promise<void> {
  const now = Date.now();
  const keys = keysForPc(sql, listPasskeys(sql), now);
  if (keys.length === 0 || !relay.presence().online) return;
  const input: JsonObject = {
    keys: keys.map(({ credentialId, publicKey, name }) => ({
      credential_id: credentialId,
      public_key: publicKey,
      name: name.slice(0, 60),
    })),
  };
  await relay.submit({
    class: approverAnnounce.class,
    traceparent: undefined,
    submit: {
      job_id: ulid(now),
      operation: approverAnnounce.name,
      input,
      input_sha256: contentHash(input),
      grant: {
        capability: approverAnnounce.capability,
        scope: "ibkr:approvals:create",
        expires_at: new Date(now + GRANT_MS).toISOString(),
      },
      deadline_ms: approverAnnounce.deadlineMs,
      service: { class: "owner" },
    },
  });
}
