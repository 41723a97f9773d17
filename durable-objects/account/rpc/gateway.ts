import { RpcTarget } from "cloudflare:workers";
import type { ExportPartText } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import type {
  PcArrivedRequest,
  PcExportRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { takeMemberRecovery } from "../access/member-recovery.ts";
import { firstPasskey, type OwnerAccess, signInWithPasskey } from "../access/owner-access.ts";
import { tokenSignsIn } from "../access/passkeys.ts";
import { pruneAccess } from "../access/prune-access.ts";
import {
  type OpenedSession,
  openOwnerSession,
  SIGN_IN_WINDOW_MS,
  takeSignInAttempt,
} from "../access/session-lifecycle.ts";
import { noteRedeemed, spendOnce, takeCode } from "../access/spent-tokens.ts";
import { listPasskeys } from "../access/tables/passkeys.ts";
import { isRedeemed } from "../access/tables/spent-tokens.ts";
import { readsAreDue } from "../audit/erase-read-values.ts";
import { type LogFile, logFile } from "../audit/log-files.ts";
import { clientStanding } from "../clients/clients.ts";
import { revokeGrant } from "../clients/tables/grants.ts";
import type { AccountParts } from "./account-parts.ts";
import type { PairingUndo, RecoveryStep, SignInSecurity, SignInSource } from "./account-types.ts";
import type { ApprovalPageAnswer, ApprovalPageCall } from "./approval-page-types.ts";
import { noteEvent } from "./gateway/note-event.ts";
import {
  auditArrived,
  auditExport,
  leave,
  undoPairing,
  useThisSidecar,
} from "./gateway/pc-requests.ts";
import { beginMemberRecovery, beginRecovery, takeRecovery } from "./gateway/recovery.ts";
import { ownerAccess } from "./signed-in-owner.ts";

/** Longer than anything that is used once stays valid by itself. */
const ONCE_REMEMBERED_MS = 86_400_000;

/**
 * What the Worker does by its own standing, before there is an owner or an agent to ask for it:
 * signing in, exchanging tokens, a PC's own requests, the daily cleaning. Nothing here leaves a trace
 * in an account that never was.
 */
export class GatewayAccount extends RpcTarget {
  readonly #parts: AccountParts;

  constructor(parts: AccountParts) {
    super();
    this.#parts = parts;
  }

  /**
   * Takes one attempt from the budget of fifteen minutes, before the token is compared (in the
   * Worker). `source` is a hash of the caller's address; `retryAfterMs` is in milliseconds.
   * @returns `ok: false` when the budget is used up
   */
  signInAllowed(source: string): { ok: true } | { ok: false; retryAfterMs: number } {
    return takeSignInAttempt(this.#parts.sql, source, this.#parts.now());
  }

  /** Somebody claimed to be the owner and was refused; writes the leaf and changes nothing else. */
  signInFailed(requestId: string): void {
    this.#access(requestId).audit("owner.sign_in_refused", { refused: true });
  }

  /** Null when `once`, the hash of something that opens one session, was used before. */
  openOwnerSession(
    how: SignInSource & { method: "token" | "oidc" | "recovery"; once?: string },
    requestId: string,
  ): OpenedSession | null {
    const { sql, now } = this.#parts;
    const { once } = how;
    if (once !== undefined && !spendOnce(sql, once, ONCE_REMEMBERED_MS, now())) return null;
    const session = openOwnerSession(sql, how, now());
    this.#access(requestId).audit("owner.signed_in", { meta: { method: how.method } });
    return session;
  }

  /**
   * Opens a session for a passkey's assertion (WebAuthn Level 3, section 7.2). The challenge is the
   * Worker's and is used up here. Null when the assertion proves nothing.
   */
  async signInWithPasskey(
    answer: SignInSource & { assertion: PasskeyAssertion; challenge: string },
    requestId: string,
  ): Promise<OpenedSession | null> {
    if (!this.#parts.hasTables()) return null;
    return signInWithPasskey(this.#access(requestId), answer);
  }

  /** What stands between an owner and the account, for the page where they sign in. */
  signInSecurity(): SignInSecurity {
    if (!this.#parts.hasTables()) return { passkeys: [], tokenSignsIn: true };
    const { sql } = this.#parts;
    return { passkeys: listPasskeys(sql), tokenSignsIn: tokenSignsIn(sql) };
  }

  /**
   * The first passkey of a new account (WebAuthn Level 3, section 7.1). The Worker has made the
   * challenge, which is used up here.
   * @returns false where there is a passkey already, or the registration proves nothing
   */
  async addFirstPasskey(
    made: { registration: PasskeyRegistration; challenge: string; name: string },
    requestId: string,
  ): Promise<boolean> {
    return firstPasskey(this.#access(requestId), made);
  }

  /**
   * A paired PC's proof (its device key's token) that it stands beside an owner who lost every
   * passkey: a code to type within ten minutes, or null.
   */
  async beginRecovery(sidecarId: string, token: string, requestId: string): Promise<string | null> {
    return beginRecovery(this.#parts, { sidecarId, token }, requestId);
  }

  /**
   * The owner, at this PC's terminal, takes it into use; `token` is by its device key.
   * @returns the PC that it replaced, null in it when it was in use already; null when not proved
   */
  async useThisSidecar(
    sidecarId: string,
    token: string,
    requestId: string,
  ): Promise<{ replaced: string | null } | null> {
    return useThisSidecar(this.#parts, { sidecarId, token }, requestId);
  }

  /**
   * The owner, at this PC's terminal, gives its pairing up; `token` is by its device key.
   * @returns false when not proved
   */
  async leave(sidecarId: string, token: string, requestId: string): Promise<boolean> {
    return leave(this.#parts, { sidecarId, token }, requestId);
  }

  /**
   * A part of the audit log for the owner, at this PC's terminal; `token` is by its device key and for
   * this one request. The first one of an export is noted.
   * @returns null when not proved; `part` null while the log has no signed head
   */
  async auditExport(
    asked: PcExportRequest,
    requestId: string,
  ): Promise<{ part: ExportPartText | null } | null> {
    return auditExport(this.#parts, asked, requestId);
  }

  /**
   * Notes what an export brought to the PC's disk; false where that is not what stands here.
   * @returns null when not proved
   */
  async auditArrived(asked: PcArrivedRequest): Promise<boolean | null> {
    return auditArrived(this.#parts, asked);
  }

  /**
   * Whether the code is the one its PC shows. Where no PC is paired to ask, a day has to pass: `readyAt`
   * (Unix milliseconds) is then when.
   */
  takeRecovery(code: string, requestId: string): { ok: boolean; readyAt: number | null } {
    return takeRecovery(this.#parts, code, requestId);
  }

  /**
   * The same for an owner without an owner token: after a day's wait there is a code, which signs in
   * alone. Null when the token proves nothing.
   */
  async beginMemberRecovery(
    sidecarId: string,
    token: string,
    requestId: string,
  ): Promise<RecoveryStep | null> {
    return beginMemberRecovery(this.#parts, { sidecarId, token }, requestId);
  }

  /** Whether the code is one of a PC that has waited. */
  takeMemberRecovery(code: string): boolean {
    return takeMemberRecovery(this.#parts.sql, code, this.#parts.now());
  }

  /**
   * Takes an authorization code (its SHA-256) for the one request that may redeem it (RFC 6749,
   * section 4.1.2). `again` after somebody else took it; `replayed` after it was redeemed with success,
   * so that its grant has to end.
   */
  takeCode(hash: string): "first" | "again" | "replayed" {
    // A code of an account that never was is nobody's.
    if (!this.#parts.hasTables()) return "again";
    return takeCode(this.#parts.sql, hash, this.#parts.now());
  }

  /** A code or refresh token (its SHA-256) was exchanged with success; asked of by `isRedeemed`. */
  noteRedeemed(kind: "code" | "refresh", hash: string): void {
    if (!this.#parts.hasTables()) return;
    noteRedeemed(this.#parts.sql, kind, hash, this.#parts.now());
  }

  /** Whether this code or refresh token (its SHA-256) once worked (RFC 9700, section 4.14.2). */
  isRedeemed(hash: string): boolean {
    return this.#parts.hasTables() && isRedeemed(this.#parts.sql, hash);
  }

  /** A token of this grant was used twice, so the grant ends; false when it had no standing. */
  revokeGrant(grantId: string, requestId: string): boolean {
    if (!this.#parts.hasTables()) return false;
    const clientId = revokeGrant(this.#parts.sql, grantId);
    if (clientId === null) return false;
    const meta = { reason: "grant" };
    noteEvent(this.#parts, "client.revoked", {
      by: { kind: "gateway", clientId },
      meta,
      requestId,
    });
    return true;
  }

  /** What this client may do now; null when client or grant have no standing. */
  scopesLeft(clientId: string, grantId: string): string[] | null {
    if (!this.#parts.hasTables()) return null;
    const found = clientStanding(this.#parts.sql, { clientId, grantId }, null, this.#parts.now());
    return found.ok ? found.standing.scopes : null;
  }

  /**
   * The PC does not want its pairing after all. It takes away what the pairing gave and gives nothing
   * back that the owner took since; false when the pairing stands no more as it was made.
   */
  undoPairing(sidecarId: string, undo: PairingUndo, requestId: string): boolean {
    // An account that was deleted meanwhile has no pairing, and gets nothing anew.
    if (!this.#parts.hasTables()) return false;
    return undoPairing(this.#parts, sidecarId, undo, requestId);
  }

  /** A file of the signed audit log, for anybody: heads and hashes alone; null where there is none. */
  auditFile(logId: string, path: string): LogFile | null {
    return this.#parts.hasTables() ? logFile(this.#parts.sql, logId, path) : null;
  }

  /**
   * What the owner's own page asks, carried to the PC: it proves itself by a token whose hash the PC
   * gave. It reads what waits and brings what its passkey signed, and the PC judges that.
   */
  async ownPage(asked: ApprovalPageCall): Promise<ApprovalPageAnswer> {
    if (!this.#parts.hasTables()) return { kind: "no_page", origins: [] };
    return this.#parts.orders.pageCarrier.call(asked);
  }

  /** Removes what has ended of sessions, attempts, challenges and codes; answers how many rows. */
  pruneAccess(): number {
    if (!this.#parts.hasTables()) return 0;
    const nowMs = this.#parts.now();
    const attemptsSinceMs = nowMs - SIGN_IN_WINDOW_MS;
    // An account that rests has no other occasion; the alarm does it, in turns.
    if (readsAreDue(this.#parts.sql, nowMs)) this.#parts.pruneSoon();
    return pruneAccess(this.#parts.sql, { nowMs, attemptsSinceMs });
  }

  #access(requestId: string): OwnerAccess {
    return ownerAccess(this.#parts, requestId);
  }
}
