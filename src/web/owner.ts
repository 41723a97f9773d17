import type { AccountRpc, OwnerSession } from "../../durable-objects/account/rpc/account.ts";

/** The signed-in owner behind a page request. */
export interface Owner {
  accountId: string;
  account: AccountRpc;
  session: OwnerSession;
  /** The cookie's secret: what `closeOwnerSession` ends. */
  secret: string;
}
