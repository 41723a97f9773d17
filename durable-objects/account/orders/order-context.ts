import type { RelayHost } from "../relay/relay-host-interface.ts";
import type { OrderLog } from "./order-log.ts";
import type { OrderStorage } from "./order-storage.ts";

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

/** An agent, as its token and its standing prove it. */
export interface AgentAsker {
  readonly kind: "agent";
  readonly clientId: string;
  /** What the token carries. */
  readonly scopes: readonly string[];
  readonly requestId: string;
}

/** The owner, signed in, or the gateway by itself. Nothing that bounds a client bounds either. */
export interface OwnAsker {
  readonly kind: "owner" | "gateway";
  readonly requestId: string;
}

/** Who asks for something. What is noted of it bears this kind; no name stands for a person. */
export type Asker = AgentAsker | OwnAsker;

/** What the ledger says for the owner and for the gateway, where it says a client's id for an agent. */
export const OWNER_CLIENT = "owner";
export const GATEWAY_CLIENT = "gateway";

/** Under which name an asker's keys and orders stand in the ledger. It proves nothing. */
export function ledgerName(asker: Asker): string {
  if (asker.kind === "agent") return asker.clientId;
  return asker.kind === "owner" ? OWNER_CLIENT : GATEWAY_CLIENT;
}

export const iso = (ms: number): string => new Date(ms).toISOString();
