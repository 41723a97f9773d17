import { RpcTarget } from "cloudflare:workers";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { isScope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import {
  admitClient,
  changeClient,
  flushClientUse,
  readmitExternal,
  revokeAllClients,
  revokeClient,
} from "../../clients/clients.ts";
import { clientPage, connectedClient } from "../../clients/list-clients.ts";
import { endMandatesOfNobody } from "../../orders/owner/mandates.ts";
import { brokerAccounts } from "../../relay/broker-accounts.ts";
import type { AccountParts } from "../account-parts.ts";
import type {
  BrokerAccount,
  ClientAdmission,
  ClientChange,
  ClientPage,
  ConnectedClient,
} from "../account-types.ts";

/** The agents' clients: who is admitted, and to what. */
export class OwnerClients extends RpcTarget {
  readonly #parts: AccountParts;
  readonly #signedIn: () => SignedIn;

  constructor(parts: AccountParts, signedIn: () => SignedIn) {
    super();
    this.#parts = parts;
    this.#signedIn = signedIn;
  }

  /**
   * A page of the clients that are in and one of those that were withdrawn, with their calls up to now;
   * times are ISO 8601, UTC. `from` holds the `next` of the pages before; null for the first.
   */
  listClients(from: { active: string | null; withdrawn: string | null }): {
    active: ClientPage;
    withdrawn: ClientPage;
  } {
    const { sql } = this.#signedIn();
    flushClientUse(sql, this.#parts.clientUse);
    return {
      active: clientPage(sql, "active", from.active),
      withdrawn: clientPage(sql, "revoked", from.withdrawn),
    };
  }

  /** One client that was admitted, in or withdrawn; null where there is none of this id. */
  findClient(clientId: string): ConnectedClient | null {
    const { sql } = this.#signedIn();
    flushClientUse(sql, this.#parts.clientUse);
    return connectedClient(sql, clientId);
  }

  /**
   * Gives a client the standing that the owner consented to: scopes, and broker accounts or null for
   * all. `atOnce` lifts the first hour, in which a new client only reads.
   */
  admitClient(client: ClientAdmission): void {
    const owner = this.#signedIn();
    const { ended } = admitClient(owner.sql, client, owner.now());
    const { clientId, redirectHost, scopes, accounts, atOnce } = client;
    const meta = {
      scopes: [...scopes].sort().join(" "),
      redirect_host: redirectHost,
      ...(accounts === undefined
        ? {}
        : { accounts: accounts === null ? "all" : String(accounts.length) }),
      ...(atOnce ? { first_hour: "lifted" } : {}),
      ...endedConnections(ended),
    };
    owner.audit("client.admitted", { clientId, meta });
  }

  /**
   * Sets the scopes and broker accounts of a client anew; what is taken away counts at its next call.
   * False when there is no such active client.
   */
  changeClient(change: ClientChange): boolean {
    const owner = this.#signedIn();
    const changed = changeClient(owner.sql, change);
    if (changed === null) return false;
    const { before, ended } = changed;
    const { clientId, accounts, atOnce } = change;
    const scopes = change.scopes.filter(isScope).sort();
    const meta = {
      scopes: scopes.join(" "),
      added: scopes.filter((scope) => !before.includes(scope)).join(" "),
      removed: before.filter((scope) => !scopes.some((one) => one === scope)).join(" "),
      accounts: accounts === null ? "all" : String(accounts.length),
      ...(atOnce ? { first_hour: "lifted" } : {}),
      ...endedConnections(ended),
    };
    owner.audit("client.changed", { clientId, meta });
    return true;
  }

  /** Takes all standing from a client, and ends the mandates of none but it; false when it had none. */
  revokeClient(clientId: string): boolean {
    const owner = this.#signedIn();
    const revoked = revokeClient(owner.sql, clientId, owner.now());
    if (revoked) owner.audit("client.revoked", { clientId });
    endMandatesOfNobody(this.#parts.orders.parts, owner);
    return revoked;
  }

  /** Admits a revoked client of another issuer again; false when there is no such client. */
  readmitClient(clientId: string): boolean {
    const owner = this.#signedIn();
    if (!readmitExternal(owner.sql, clientId, owner.now())) return false;
    owner.audit("client.admitted", { clientId });
    return true;
  }

  /** Revokes every client at once, and ends their mandates; the ids of those that had standing. */
  revokeAllClients(): string[] {
    const owner = this.#signedIn();
    const revoked = revokeAllClients(owner.sql, owner.now());
    for (const clientId of revoked) owner.audit("client.revoked", { clientId });
    endMandatesOfNobody(this.#parts.orders.parts, owner);
    return revoked;
  }

  /** Asked of the PC, for the page where accounts are chosen; a failure where it cannot answer. */
  async brokerAccounts(): Promise<BrokerAccount[] | GatewayFailure> {
    const { sql } = this.#signedIn();
    return brokerAccounts(sql, this.#parts.relay);
  }
}

const endedConnections = (ended: number) =>
  ended === 0 ? {} : { connections_ended: String(ended) };
