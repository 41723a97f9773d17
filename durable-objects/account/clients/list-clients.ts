import type { ClientPage, ConnectedClient } from "../rpc/account-types.ts";
import { type ClientPlace, type ClientShown, clientOf, listedClients } from "./tables/clients.ts";
import { activeGrantsOf } from "./tables/grants.ts";

/** Clients on one page of the owner's. */
export const CLIENTS_LISTED = 25;

/** Where one of the clients is to be chosen, the latest of them. */
export const CLIENTS_TO_CHOOSE = 100;

/**
 * A page of the clients that are in, or of those that were withdrawn, the latest let in first, each
 * with its connections; `next` is where the next page begins, null where this is the last.
 */
export function clientPage(
  sql: SqlStorage,
  state: ConnectedClient["state"],
  from: string | null,
): ClientPage {
  const after = from === null ? null : placeOf(from);
  const found = listedClients(sql, state, { after, limit: CLIENTS_LISTED + 1 });
  const clients = found.slice(0, CLIENTS_LISTED);
  const last = clients.at(-1);
  const more = found.length > CLIENTS_LISTED && last !== undefined;
  return {
    clients: clients.map((client) => withConnections(sql, client)),
    next: more ? `${Date.parse(last.admittedAt)}:${last.clientId}` : null,
  };
}

/** Null where the text is none of {@link clientPage}: the list then begins at its beginning. */
function placeOf(text: string): ClientPlace | null {
  const [, at, clientId] = /^(\d{1,16}):(.{1,2000})$/s.exec(text) ?? [];
  return at === undefined || clientId === undefined ? null : { admittedAt: Number(at), clientId };
}

/** One client, in or withdrawn, with its connections; null where it is not known. */
export function connectedClient(sql: SqlStorage, clientId: string): ConnectedClient | null {
  const client = clientOf(sql, clientId);
  return client === null ? null : withConnections(sql, client);
}

const withConnections = (sql: SqlStorage, client: ClientShown): ConnectedClient => ({
  ...client,
  connections: activeGrantsOf(sql, client.clientId).map(({ grantId, admittedAt }) => ({
    grantId,
    madeAt: new Date(admittedAt).toISOString(),
  })),
});
