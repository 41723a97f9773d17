import { DurableObject } from "cloudflare:workers";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { PAIRING_MINUTES } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { PairingRequest } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import type { PairingUndo } from "./account/rpc/account-types.ts";

export type PairingState = "pending" | "confirmed" | "active" | "revoked";

interface PairingRecord {
  request: PairingRequest;
  /** SHA-256 of the secret the sidecar polls with. */
  secretHash: string;
  expiresAt: number;
  state: PairingState;
  confirmed: ConfirmedPairing | null;
}

export interface ConfirmedPairing {
  accountId: string;
  sidecarId: string;
  capabilities: PairingRequest["capabilities"];
  /** Missing in a pairing that the version before confirmed: that one is not undone. */
  undo?: PairingUndo;
}

export interface PairingView {
  state: PairingState;
  request: PairingRequest;
  expiresAt: number;
}

const KEY = "pairing";
const LIFETIME_MS = PAIRING_MINUTES * 60_000;

/**
 * One pairing in progress, named by the keyed hash of its user code: the code itself is stored
 * nowhere, and a wrong guess finds an object without anything in it. pending → confirmed (by the
 * owner) → active (collected by the sidecar); each → revoked (given up at the PC) | expired (gone).
 */
export class Pairing extends DurableObject {
  /**
   * Begins a pairing under this code; `secretHash` is the SHA-256 of what the PC polls with.
   * @returns when it ends, in Unix milliseconds; null when the code is taken, and the caller draws
   *   another
   */
  async begin(request: PairingRequest, secretHash: string): Promise<{ expiresAt: number } | null> {
    if (this.#live() !== null) return null;
    const expiresAt = Date.now() + LIFETIME_MS;
    this.#put({ request, secretHash, expiresAt, state: "pending", confirmed: null });
    await this.ctx.storage.setAlarm(expiresAt);
    return { expiresAt };
  }

  /** What the owner is shown before confirming; `expiresAt` in Unix milliseconds. Null for a wrong code. */
  async view(): Promise<PairingView | null> {
    const record = this.#live();
    if (record === null) return null;
    return { state: record.state, request: record.request, expiresAt: record.expiresAt };
  }

  /**
   * The owner's yes. True when this call, or an equal one before it, confirmed the pairing; false for
   * a wrong code, another PC, and one that was given up.
   */
  async confirm(confirmed: ConfirmedPairing): Promise<boolean> {
    const record = this.#live();
    if (record === null) return false;
    if (record.state !== "pending") {
      return record.confirmed?.sidecarId === confirmed.sidecarId && record.state !== "revoked";
    }
    this.#put({ ...record, state: "confirmed", confirmed });
    return true;
  }

  /**
   * The PC's poll, after the model of RFC 8628, section 3.4. What was confirmed may be collected again
   * until the pairing ends. A wrong secret learns nothing but `expired`.
   */
  async collect(
    secret: string,
  ): Promise<
    | { state: "pending" | "expired" | "revoked" }
    | { state: "confirmed"; confirmed: ConfirmedPairing }
  > {
    const record = this.#live();
    if (record === null || record.secretHash !== sha256Hex(secret)) return { state: "expired" };
    if (record.state === "revoked") return { state: "revoked" };
    if (record.confirmed === null) return { state: "pending" };
    if (record.state === "confirmed") this.#put({ ...record, state: "active" });
    return { state: "confirmed", confirmed: record.confirmed };
  }

  /**
   * Given up at the PC. What the owner had confirmed by then comes back, for the caller to undo at
   * the account; null when there is nothing to undo.
   */
  async withdraw(secret: string): Promise<ConfirmedPairing | null> {
    const record = this.#live();
    if (record === null || record.secretHash !== sha256Hex(secret)) return null;
    if (record.state === "revoked") return null;
    this.#put({ ...record, state: "revoked" });
    return record.confirmed;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }

  #live(): PairingRecord | null {
    const record = this.ctx.storage.kv.get<PairingRecord>(KEY);
    return record !== undefined && record.expiresAt > Date.now() ? record : null;
  }

  #put(record: PairingRecord): void {
    this.ctx.storage.kv.put(KEY, record);
  }
}
