import type { approverAnnounce } from "@ibkr-edge-gateway/protocol/operation-schemas/approver-announce.ts";
import type {
  OperationInput,
  OperationOutput,
} from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import {
  type AnnouncedKey,
  acceptAnnounced,
  listWaiting,
  noteAnnounced,
} from "../../trust/enrolment/announced-keys.ts";
import { UNASKED } from "../../trust/tables/approvers.ts";
import type { OrderStore } from "../journal/order-store.ts";

/** What this PC does about a passkey that its owner added in the console. */
export interface KeyPolicy {
  /** Takes it unasked: for a PC that was paired for the simulator, and only there. */
  takeUnasked: boolean;
  /** It was taken unasked. */
  taken(key: AnnouncedKey): void;
  /** It waits for somebody to say yes or no at this PC. */
  waiting(keys: AnnouncedKey[]): void;
}

/** The gateway says which passkeys its owner has; each that is new here is asked about, or taken. */
export async function receiveAnnouncedKeys(
  parts: {
    store: Pick<OrderStore, "db">;
    clock: Pick<Clock, "now">;
    simulator: boolean;
    keys: KeyPolicy;
  },
  input: OperationInput<typeof approverAnnounce>,
): Promise<OperationOutput<typeof approverAnnounce>> {
  const { store, clock, keys } = parts;
  const announced = input.keys.map(({ credential_id, public_key, name }) => ({
    credentialId: credential_id,
    publicKey: new Uint8Array(Buffer.from(public_key, "base64url")),
    label: name,
  }));
  const states = noteAnnounced(store.db, announced, clock.now());
  const fresh = listWaiting(store.db).filter(({ refused }) => !refused);
  const taken = new Set<string>();
  if (keys.takeUnasked && parts.simulator) {
    for (const key of fresh) {
      if (!acceptAnnounced(store.db, key, UNASKED, clock.now())) continue;
      taken.add(key.credentialId);
      keys.taken(key);
    }
  } else if (fresh.length > 0) keys.waiting(fresh);
  return {
    keys: states.map(({ credentialId, state }) => ({
      credential_id: credentialId,
      state: taken.has(credentialId) ? ("accepted" as const) : state,
    })),
    as_of: isoTime(clock.now()),
  };
}
