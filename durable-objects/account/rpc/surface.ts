import type { Principal } from "./account-types.ts";
import type { AgentAccount } from "./agent.ts";
import type { Attention } from "./attention-types.ts";
import type { GatewayAccount } from "./gateway.ts";
import type { OwnerAccount } from "./owner.ts";
import type { Remote } from "./remote.ts";

/** The owner's capability, and the session that it was given out for. */
export interface OwnerEntry {
  owner: OwnerAccount;
  session: Awaited<ReturnType<OwnerAccount["session"]>>;
  /** What waits for the owner, for every page; an object of the version before tells none. */
  attention?: Attention[];
  /** The number of the log's newest event, by which an open page knows whether it is behind. */
  change?: number;
}

export type RemoteOwner = Remote<OwnerAccount>;

/**
 * What the Worker holds of an account's object. `fetch` is the WebSocket upgrade of the relay or of
 * an owner's page and nothing else; everything more is behind the one who asks. Arguments and answers are plain data and must
 * stay readable by one version older and newer: Worker and object are not deployed at the same
 * instant. Expected failures are returned, not thrown.
 */
export interface RemoteAccount {
  /**
   * The one place where an owner's session is checked: null unless `secret` opens one. What is asked
   * through the answer is noted under `requestId`.
   */
  owner(
    secret: string,
    requestId: string,
  ): Promise<
    | ({ owner: RemoteOwner } & Pick<OwnerEntry, "session" | "attention" | "change"> & Disposable)
    | null
  >;
  /** Not awaited: the verb that follows travels with it. */
  agent(principal: Principal): Remote<AgentAccount>;
  readonly gateway: Remote<GatewayAccount>;
}
