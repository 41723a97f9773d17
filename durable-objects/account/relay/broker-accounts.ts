import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { accountsList } from "@ibkr-edge-gateway/protocol/operation-schemas/accounts-list.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import type { JobService } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { contentHash } from "../audit/events.ts";
import type { BrokerAccount } from "../rpc/account-types.ts";
import { failureOf, notPaired, sidecarOffline } from "./relay-failure.ts";
import type { RelayHost } from "./relay-host-interface.ts";
import { hasActiveSidecar } from "./tables/sidecars.ts";

const GRANT_MS = 60_000;

/** The broker accounts there are, asked of the sidecar for the owner who is looking at a page. */
export async function brokerAccounts(
  sql: SqlStorage,
  relay: RelayHost,
  service: JobService = { class: "owner" },
): Promise<BrokerAccount[] | GatewayFailure> {
  if (!relay.presence().online)
    return hasActiveSidecar(sql) ? sidecarOffline() : notPaired(relay.origin);
  const now = Date.now();
  const settlement = await relay.submit({
    class: accountsList.class,
    traceparent: undefined,
    submit: {
      job_id: ulid(now),
      operation: accountsList.name,
      input: {},
      input_sha256: contentHash({}),
      grant: {
        capability: accountsList.capability,
        scope: "ibkr:accounts:read",
        expires_at: new Date(now + GRANT_MS).toISOString(),
      },
      deadline_ms: accountsList.deadlineMs,
      service,
    },
  });
  if (!settlement.ok) return failureOf(settlement, relay.origin);
  const answer = readNewer(accountsList.output, settlement.result);
  if (!answer.ok) {
    return failure("BROKER_RESPONSE_INVALID", "The sidecar's answer could not be read.");
  }
  return answer.value.accounts.map(({ account_id, mode }) => ({ accountId: account_id, mode }));
}
