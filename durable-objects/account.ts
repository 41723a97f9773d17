import { DurableObject } from "cloudflare:workers";
import { admitClient, listClients, revokeClient } from "./account/clients.ts";
import {
  checkOwnerSession,
  closeOwnerSession,
  openOwnerSession,
  takeSignInAttempt,
} from "./account/owner-sessions.ts";
import type { ClientAdmission } from "./account/rpc.ts";
import { hasTables, migrate } from "./account/schema.ts";

/** One gateway account: relay session, jobs, clients, audit. */
export class Account extends DurableObject {
  get #sql(): SqlStorage {
    migrate(this.ctx.storage);
    return this.ctx.storage.sql;
  }

  async signInAllowed(source: string) {
    return takeSignInAttempt(this.#sql, source, Date.now());
  }

  async signInFailed(_requestId: string): Promise<void> {}

  async openOwnerSession(source: string, _requestId: string) {
    return openOwnerSession(this.#sql, source, Date.now());
  }

  async checkOwnerSession(secret: string) {
    if (!hasTables(this.ctx.storage.sql)) return null;
    return checkOwnerSession(this.#sql, secret, Date.now());
  }

  async closeOwnerSession(secret: string, _requestId: string): Promise<void> {
    closeOwnerSession(this.#sql, secret);
  }

  async admitClient(client: ClientAdmission): Promise<void> {
    admitClient(this.#sql, client, Date.now());
  }

  async revokeClient(clientId: string): Promise<boolean> {
    return revokeClient(this.#sql, clientId);
  }

  async listClients() {
    return listClients(this.#sql);
  }
}
