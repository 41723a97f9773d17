import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { BrokerEvent } from "../client-portal/events/broker-event.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Pacer } from "../client-portal/pacing/pacer.ts";
import type { Portal } from "../client-portal/portal-interface.ts";
import type { StreamView } from "../client-portal/stream/stream-view.ts";
import type { Transport } from "../client-portal/transport.ts";
import type { DiskReserve } from "../config/disk-reserve.ts";
import type { SigningKey } from "../trust/pc-keys/statement-and-witness-keys.ts";
import type { RelyingParty } from "../trust/verify/verify-assertion.ts";
import type { SeenHead } from "../trust/witness/log-standing.ts";
import type { KeyPolicy } from "./approval/receive-announced-keys.ts";
import type { OrderStore } from "./journal/order-store.ts";
import type { LocalRules } from "./local-policy/local-rules.ts";
import type { OrderSettings } from "./local-policy/order-settings.ts";
import type { ReadDiskRoom } from "./local-policy/report-faults.ts";
import type { Reach } from "./notify/desktop-and-webhook.ts";

/** What the broker side lends the order side. */
export interface BrokerSide {
  portal: Portal;
  transport: Transport;
  pacer: Pacer;
  clock: Clock;
  source: Source;
  logger: BrokerLogger;
  stream: StreamView;
  session(): BrokerSession;
  /** The login's accounts, as the broker named them in this session. */
  accounts(): readonly string[];
  clockSkewMs(): number | null;
  onRateLimited(): void;
  onUnauthorized(): void;
  tell(event: BrokerEvent): void;
}

/** What the owner's PC brings. */
export interface OrderSideOptions {
  store: OrderStore;
  rules: LocalRules;
  settings: OrderSettings;
  gatewayAccountId: string;
  sidecarId: string;
  relyingParty: RelyingParty;
  reach: Reach;
  keys: KeyPolicy;
  /** The room on the journal's disk; without it, it is not watched. */
  disk?: ReadDiskRoom;
  /** The room that is given up so that an exit or a cancel can be written down. */
  reserve?: DiskReserve;
  /** Injected for tests. */
  echo?: () => number;
  /** Signs what the owner is asked on a page of their own; one of the moment where it is left out. */
  ticketKey?: SigningKey;
  /** Why no answer of the hosted page is taken now; null, or left out, when it is. */
  hostedFault?: (credentialId: string) => OrderRefusal | null;
  /** The largest head of the gateway's log that this PC has cosigned; never where it is left out. */
  seenHead?: () => SeenHead | null;
}
