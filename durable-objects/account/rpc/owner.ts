import { RpcTarget } from "cloudflare:workers";
import { confirmedSession } from "../access/owner-access.ts";
import { tailAudit } from "../audit/find-events.ts";
import { entryBundle } from "../audit/log-files.ts";
import { type Retention, readRetention, setRetentionYears } from "../audit/tables/retention.ts";
import { readSignedLog } from "../audit/tables/signed.ts";
import { latestWitness } from "../audit/tables/witnesses.ts";
import { eraseEntry } from "../orders/transactions/erase-entry-values.ts";
import { RETENTION_YEARS } from "../orders/transactions/erase-old-records.ts";
import { backendStatus } from "../relay/backend-status.ts";
import type { AccountParts } from "./account-parts.ts";
import type { AuditPage, BackendStatus, OwnerSession, SignedHead } from "./account-types.ts";
import { OwnerClients } from "./owner/clients.ts";
import { OwnerMandates } from "./owner/mandates.ts";
import { OwnerOrders } from "./owner/orders.ts";
import { OwnerSecurity } from "./owner/security.ts";
import { OwnerSidecars } from "./owner/sidecars.ts";
import { OwnerTrading } from "./owner/trading.ts";
import { signedInOwner } from "./signed-in-owner.ts";

/**
 * Everything that the owner may do, as one capability: who holds it was signed in when it was given
 * out, and each verb looks again before it does anything. A verb reaches the account through
 * `signedIn` and in no other way, so that none can forget. Every verb may throw `SessionEnded`.
 */
export class OwnerAccount extends RpcTarget {
  readonly #parts: AccountParts;
  readonly #signedIn: ReturnType<typeof signedInOwner>;

  /** `secret` is the session's; `requestId` stands in the log beside everything done through it. */
  constructor(parts: AccountParts, secret: string, requestId: string) {
    super();
    this.#parts = parts;
    this.#signedIn = signedInOwner(parts, secret, requestId);
  }

  /** The session itself, as it stands now. */
  session(): OwnerSession {
    return this.#signedIn().session();
  }

  /** Sessions, passkeys, confirmations and recoveries. */
  get security(): OwnerSecurity {
    return new OwnerSecurity(this.#parts, this.#signedIn);
  }

  /** The agents' clients, and what each may do. */
  get clients(): OwnerClients {
    return new OwnerClients(this.#parts, this.#signedIn);
  }

  /** The owner's PCs. */
  get sidecars(): OwnerSidecars {
    return new OwnerSidecars(this.#parts, this.#signedIn);
  }

  /** Approvals, orders and alerts. */
  get orders(): OwnerOrders {
    return new OwnerOrders(this.#parts.orders, this.#signedIn);
  }

  /** What may be traded at all: the switches for paper and live, kill switches and policies. */
  get trading(): OwnerTrading {
    return new OwnerTrading(this.#parts.orders, this.#signedIn);
  }

  /** Standing approvals inside bounds. */
  get mandates(): OwnerMandates {
    return new OwnerMandates(this.#parts.orders, this.#signedIn);
  }

  /** The PC's connection and the broker's session, as far as they are known here. */
  backendStatus(): BackendStatus {
    this.#signedIn();
    return backendStatus(this.#parts.sql, this.#parts.relay);
  }

  /**
   * A page of the account's log, the newest first; `limit` is a number of records, `beforeSeq` the
   * number of the oldest one seen. `retention` says how many years private values and orders' evidence
   * are kept, and up to which number of the log they are exported and erased.
   */
  auditTail(query: {
    beforeSeq?: number;
    limit: number;
  }): AuditPage & { signed: SignedHead | null; retention: Retention } {
    this.#signedIn();
    const { sql } = this.#parts;
    const log = readSignedLog(sql);
    const page = { ...tailAudit(sql, query), retention: readRetention(sql) };
    if (log === null) return { ...page, signed: null };
    const { logId, origin, size } = log;
    const witness = latestWitness(sql);
    const witnessed =
      witness === null
        ? null
        : { size: witness.size, atMs: witness.cosigned_at, state: witness.state };
    return { ...page, signed: { logId, origin, size, witnessed } };
  }

  /** A bundle of the log's entries (C2SP tlog-tiles), by its path under the log's prefix; null where
   * there is none. */
  auditEntries(asked: { logId: string; path: string }): Uint8Array | null {
    this.#signedIn();
    return entryBundle(this.#parts.sql, this.#parts.accountId, asked);
  }

  /** Keeps them for so many years from now on, 1 to 30; false for any other number. */
  keepFor(years: number): boolean {
    const owner = this.#signedIn();
    const { least, most } = RETENTION_YEARS;
    if (!Number.isInteger(years) || years < least || years > most) return false;
    const before = readRetention(owner.sql).years;
    if (before === years) return true;
    setRetentionYears(owner.sql, years);
    const meta = { retention_years: String(years), before: String(before) };
    owner.audit("owner.setting_changed", { meta });
    return true;
  }

  /**
   * Erases what opens the private values of one entry, now, and an order's proof where the entry is its
   * end; the entry, the tree and every other proof stay. `nothing` where nothing of it is kept any more,
   * `unknown` where there is no such entry, `not_confirmed` until a passkey confirms the session.
   */
  eraseEntry(seq: number): "erased" | "nothing" | "unknown" | "not_confirmed" {
    const owner = this.#signedIn();
    if (confirmedSession(owner) === null) return "not_confirmed";
    const outcome = eraseEntry(owner.sql, seq);
    if (outcome === "erased") {
      owner.audit("owner.erased", { meta: { what: "entry", seqs: String(seq) } });
    }
    return outcome;
  }
}
