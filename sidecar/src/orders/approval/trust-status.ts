import type { OperationOutput } from "@ibkr-edge-gateway/protocol/operation-schemas/define-operation.ts";
import type { trustStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/trust-status.ts";
import { isInDoubt } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { approverFingerprint, listApprovers } from "../../trust/tables/approvers.ts";
import { listMandates } from "../../trust/tables/mandates.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { LocalRules } from "../local-policy/local-rules.ts";

/** At most so many mandates, and orders in doubt, are listed. */
const LISTED = 100;

/** What this PC trusts and allows, and of which orders it does not know what became of them. */
export function readTrustStatus({
  store,
  rules,
  sidecarId,
  nowMs,
}: {
  store: Pick<OrderStore, "db" | "open">;
  rules: LocalRules;
  sidecarId: string;
  /** Milliseconds since the Unix epoch. */
  nowMs: number;
}): OperationOutput<typeof trustStatus> {
  const caps = rules.caps();
  const kill = rules.killSwitch();
  return {
    sidecar_id: sidecarId,
    as_of: isoTime(nowMs),
    capabilities: rules.policy().offer,
    kill_switch: {
      engaged: kill.engaged,
      since: kill.engaged ? kill.since : null,
      reason: kill.engaged ? kill.reason : null,
    },
    caps: caps.ok ? withoutVersion(caps.caps) : null,
    caps_fault: caps.ok ? null : caps.reason,
    approvers: listApprovers(store.db).map((approver) => ({
      credential_id: approver.credentialId,
      fingerprint: approverFingerprint(approver.publicKey),
      label: approver.label,
      enrolled_at: isoTime(approver.enrolledAt),
      kind: approver.kind,
    })),
    mandates: listMandates(store.db)
      .slice(0, LISTED)
      .map(({ hash, mandate, state }) => ({
        mandate_id: mandate.mandate_id,
        mandate_hash: hash,
        state,
        not_after: mandate.not_after,
      })),
    in_doubt: store
      .open()
      .filter(({ state }) => isInDoubt(state))
      .slice(0, LISTED)
      .map(({ coid, account_id }) => ({ coid, account_id })),
  };
}

function withoutVersion<T extends { v: number }>(caps: T): Omit<T, "v"> {
  const { v: _version, ...rest } = caps;
  return rest;
}
