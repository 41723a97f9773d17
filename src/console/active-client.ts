import type { ConnectedClient } from "../../durable-objects/account/rpc/account-types.ts";
import type { Owner } from "../web/signed-in-owner.ts";

/** This owner's client of that id, while it is let in. */
export async function activeClient(
  { account }: Pick<Owner, "account">,
  id: string | null | undefined,
): Promise<ConnectedClient | null> {
  const client = id == null ? null : await account.clients.findClient(id);
  return client?.state === "active" ? client : null;
}
