import type { OwnerSession } from "../../durable-objects/account/rpc/account-types.ts";
import type { Attention } from "../../durable-objects/account/rpc/attention-types.ts";
import type { RemoteOwner } from "../../durable-objects/account/rpc/surface.ts";

/** The signed-in owner behind a page request. */
export interface Owner {
  accountId: string;
  /** Everything that the owner may do, good for this request and for this session. */
  account: RemoteOwner;
  session: OwnerSession;
  /** What waits for the owner, the most urgent first, as of the beginning of this request. */
  attention: readonly Attention[];
  /** The log's newest number at that moment; 0 where an object of the version before told none. */
  change: number;
}
