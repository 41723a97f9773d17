import type { RelayHost } from "../relay/relay-host-interface.ts";
import type { OrderLog } from "./order-log.ts";
import type { OrderStorage } from "./tables/storage.ts";

/** What the order service of one account works with. */
export interface OrderParts {
  readonly storage: OrderStorage;
  readonly relay: RelayHost;
  /** The gateway account. */
  readonly accountId: string;
  /** `https://gateway.example.com`. */
  readonly origin: string;
  readonly log: OrderLog;
  readonly now: () => number;
  /** The object's alarm rings at this moment or before. */
  readonly wakeAt: (atMs: number) => void;
}

/** Who asks for something, as its token and its standing prove it. */
export interface Asker {
  readonly clientId: string;
  /** What the token carries. */
  readonly scopes: readonly string[];
  readonly requestId: string;
}

/**
 * The owner's own acts stand in the log and in the ledger under this name. Only who was signed in as
 * the owner may be named so; a client that is admitted under it is a client and nothing more.
 */
export const OWNER_CLIENT = "owner";

export const iso = (ms: number): string => new Date(ms).toISOString();
