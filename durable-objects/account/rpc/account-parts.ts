import type { RelyingParty } from "../access/webauthn.ts";
import type { NewAuditEvent } from "../audit/events.ts";
import type { ExportsUnderWay } from "../audit/exports-under-way.ts";
import type { ClientUse } from "../clients/clients.ts";
import type { OrderService } from "../orders/order-service.ts";
import type { RelayHost } from "../relay/relay-host-interface.ts";

/** What the verbs of an account's surface work with. */
export interface AccountParts {
  readonly accountId: string;
  /** `https://gateway.example.com`. */
  readonly origin: string;
  readonly party: RelyingParty;
  /** The account's tables, created when first asked for. */
  readonly sql: SqlStorage;
  /** Whether there are tables yet. Who has no standing must not make an account by asking. */
  readonly hasTables: () => boolean;
  readonly relay: RelayHost;
  readonly orders: OrderService;
  /** Calls of clients that are not written down yet. */
  readonly clientUse: ClientUse;
  /** Appends to the account's log in this turn; its number there. */
  readonly audit: (event: NewAuditEvent) => number;
  readonly exportsUnderWay: ExportsUnderWay;
  /** Tells the PC which passkeys there are, after the step that is in progress; never fails. */
  readonly announceKeys: () => void;
  /** Has the object woken at this moment (epoch milliseconds), or before. */
  readonly wakeAt: (atMs: number) => void;
  /** Has the alarm remove at once what is over, and not within the hour. */
  readonly pruneSoon: () => void;
  readonly now: () => number;
}
