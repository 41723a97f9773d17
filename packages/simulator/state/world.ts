import type { Account } from "./accounts.ts";
import type { Primed } from "./primed.ts";

/** Everything the gateway and the broker behind it remember. Plain data; behaviour is elsewhere. */
export interface World {
  gateway: { up: boolean; maintenance: boolean };
  sso: Sso;
  brokerage: Brokerage;
  /** Who else holds the username's one brokerage session. */
  rival: "none" | "tws" | "mobile";
  users: { paper: User; live: User };
  accounts: Map<string, Account>;
}

/** A username at the broker; paper and live are two. */
export interface User {
  name: string;
  id: number;
  /** 1 is live, 2 is paper. */
  loginType: 1 | 2;
  isPaper: boolean;
  accountIds: readonly string[];
}

export interface Sso {
  phase: "none" | "pending2fa" | "valid" | "dead";
  user: User | undefined;
  loggedInAt: number;
  lastAccessAt: number;
  /** The WebSocket's credential, as the tickle hands it out. */
  sessionId: string;
  portfolioAccountsRead: boolean;
  /** Whether a dead session has said so once. */
  deathAnnounced: boolean;
}

export interface Brokerage {
  phase: "none" | "connecting" | "authenticated" | "evicted" | "refused";
  established: boolean;
  /** Rises with each new brokerage session; what is primed belongs to one. */
  generation: number;
  fail: string;
  lastTrafficAt: number;
  statusReads: number;
  selectedAccount: string;
  primed: Primed;
  suppressed: Set<string>;
}
