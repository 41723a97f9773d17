import { type DiskReserve, roomIn } from "../config/disk-reserve.ts";
import type { Pairing } from "../config/pairing-file.ts";
import { UsageError } from "../config/usage-error.ts";
import type { KeyPolicy } from "../orders/approval/receive-announced-keys.ts";
import { type OrderStore, openOrderStore } from "../orders/journal/order-store.ts";
import { fileLocalRules } from "../orders/local-policy/local-rules.ts";
import { orderSettingsAtStart, orderStorePath } from "../orders/local-policy/order-settings.ts";
import { loggingReach, machineReach } from "../orders/notify/desktop-and-webhook.ts";
import { createOrderSide, type OrderSide } from "../orders/order-side.ts";
import type { BrokerSide } from "../orders/order-side-parts.ts";
import { type LogStanding, logFault } from "../trust/witness/log-standing.ts";
import type { LogWitness } from "../trust/witness/witness.ts";
import { openApprovalPageSide } from "./approval-page-side.ts";

export interface PcOrderSide {
  isOwnOrder(refOrId: string): boolean;
  open(parts: BrokerSide): OrderSide;
  /** Does nothing before the order side is open. */
  tellOwner(message: string): void;
  close(): void;
}

/**
 * The order side as this PC has it: its journal, its rules, its owner's passkeys. Whose signature
 * counts follows from the pairing: the relying party is the gateway this PC was paired with.
 */
export function openOrderSide(
  configDir: string,
  pairing: Pairing,
  reserve: DiskReserve,
  keysOf: (store: OrderStore) => KeyPolicy,
  witness: Pick<LogWitness, "standing" | "seen">,
): PcOrderSide {
  let service: OrderSide | null = null;
  const { value: settings, fault } = orderSettingsAtStart(configDir);
  const store = opened(orderStorePath(configDir, pairing));
  const keys = keysOf(store);
  const pageService = openApprovalPageSide(configDir, pairing, store.db);
  const { hostname, origin } = new URL(pairing.gateway_origin);
  return {
    isOwnOrder: (refOrId) => store.owns(refOrId),
    tellOwner: (message) => service?.tellOwner(message),
    open: (parts) => {
      const reach = machineReach({
        interactive: process.stderr.isTTY === true,
        write: (text) => process.stderr.write(text),
        webhookUrl: settings.alerts.webhook_url,
        ntfyUrl: settings.alerts.ntfy_url,
      });
      service = createOrderSide(
        {
          store,
          rules: {
            ...fileLocalRules(configDir, fault),
            logFault: () => faultOf(witness.standing(), store),
          },
          settings,
          gatewayAccountId: pairing.account_id,
          sidecarId: pairing.sidecar_id,
          relyingParty: { id: hostname, origins: [origin] },
          keys,
          disk: () => roomIn(configDir),
          reserve,
          reach,
          ticketKey: pageService.ticketKey,
          hostedFault: pageService.hostedFault,
          seenHead: witness.seen,
        },
        parts,
      );
      const { clock, logger, source } = parts;
      const simulator = source === "simulator";
      pageService.start({
        ...{ pageService: service.pageService, clock, logger, simulator },
        reach: loggingReach(reach, logger),
      });
      return service;
    },
    close() {
      pageService.close();
      store.close();
    },
  };
}

const faultOf = (standing: LogStanding, store: OrderStore): string | null =>
  logFault(standing, { lastSentAt: store.lastSentAt(), nowMs: Date.now() });

/** A journal of orders that cannot be read is never replaced by an empty one: it knows what was sent. */
function opened(path: string): OrderStore {
  try {
    return openOrderStore(path);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : "unknown error";
    throw new UsageError(
      `the journal of orders ${path} cannot be used (${why}); restore it from a copy, or move it away after you have looked in TWS that no order is unaccounted for`,
    );
  }
}
