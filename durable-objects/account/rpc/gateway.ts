import { RpcTarget } from "cloudflare:workers";
import type { ExportPartText } from "@ibkr-edge-gateway/evidence/export/part.ts";
import type { AuditEventType } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { PcExportRequest } from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import {
  DEVICE_TOKEN,
  type DeviceTokenType,
} from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import {
  askRecovery,
  takeMemberRecovery,
  takeRecoveryWithoutPc,
} from "../access/member-recovery.ts";
import { firstPasskey, type OwnerAccess, signInWithPasskey } from "../access/owner-access.ts";
import { tokenSignsIn } from "../access/passkeys.ts";
import { pruneAccess } from "../access/prune-access.ts";
import { issueRecoveryCode, takeRecoveryCode } from "../access/recovery-code.ts";
import {
  type OpenedSession,
  openOwnerSession,
  SIGN_IN_WINDOW_MS,
  takeSignInAttempt,
} from "../access/session-lifecycle.ts";
import { noteRedeemed, spendOnce, takeCode } from "../access/spent-tokens.ts";
import { listPasskeys } from "../access/tables/passkeys.ts";
import { isRedeemed } from "../access/tables/spent-tokens.ts";
import { auditEvent, type EventFacts } from "../audit/events.ts";
import { exportPart } from "../audit/export.ts";
import { type LogFile, logFile } from "../audit/served.ts";
import { noteExported } from "../audit/tables/retention.ts";
import { clientStanding } from "../clients/clients.ts";
import { revokeGrant } from "../clients/tables/grants.ts";
import { accountsWithPolicy } from "../orders/tables/policies.ts";
import { cutOff } from "../relay/cut-off.ts";
import { checkDeviceToken } from "../relay/device-token-check.ts";
import {
  chooseSidecar,
  chosenSidecar,
  hasActiveSidecar,
  revokeSidecar,
} from "../relay/tables/sidecars.ts";
import { undoPairing } from "../relay/undo-pairing.ts";
import type { AccountParts } from "./account-parts.ts";
import type { PairingUndo, RecoveryStep, SignInSecurity, SignInSource } from "./account-types.ts";
import type { OwnPageAnswer, OwnPageCall } from "./own-page-types.ts";
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
    if (!(await this.#provesRecovery(sidecarId, token))) return null;
    this.#note("owner.recovery_begun", {
      who: this.#who({ kind: "sidecar", sidecarId }),
      meta: { sidecar_id: sidecarId },
      requestId,
    });
    return issueRecoveryCode(this.#parts.sql, sidecarId, this.#parts.now());
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
    if (!(await this.#provesDevice(DEVICE_TOKEN.use, sidecarId, token))) return null;
    const { sql, now, relay } = this.#parts;
    const before = chosenSidecar(sql);
    if (before?.sidecarId === sidecarId) return { replaced: null };
    if (!chooseSidecar(sql, sidecarId, now())) return null;
    this.#access(requestId).audit("sidecar.chosen", { sidecarId });
    relay.chosen(sidecarId);
    return { replaced: before?.machine ?? null };
  }

  /**
   * The owner, at this PC's terminal, gives its pairing up; `token` is by its device key.
   * @returns false when not proved
   */
  async leave(sidecarId: string, token: string, requestId: string): Promise<boolean> {
    if (!(await this.#provesDevice(DEVICE_TOKEN.leave, sidecarId, token))) return false;
    const { sql, relay } = this.#parts;
    if (!revokeSidecar(sql, sidecarId)) return false;
    this.#note("sidecar.pairing_undone", {
      who: this.#who({ kind: "sidecar", sidecarId }),
      meta: { left: "revoked" },
      requestId,
    });
    cutOff(sql, relay, sidecarId);
    return true;
  }

  /**
   * A part of the audit log for the owner, at this PC's terminal; `token` is by its device key and for
   * this one request. The first one of an export is noted (`begins`).
   * @returns null when not proved; `part` null while the log has no signed head
   */
  async auditExport(
    { sidecar_id: sidecarId, token, query, begins }: PcExportRequest,
    requestId: string,
  ): Promise<{ part: ExportPartText | null } | null> {
    if (!(await this.#provesDevice(DEVICE_TOKEN.auditExport, sidecarId, token))) return null;
    const { sql, accountId: account } = this.#parts;
    const brokerAccounts = () => accountsWithPolicy(sql);
    const part = exportPart({ sql, account, brokerAccounts }, query, "owner");
    // What its owner holds may be erased here once it is old enough.
    if (part !== null) noteExported(sql, part.fromIndex, part.fromIndex + part.entries.length);
    if (begins && part !== null) {
      const meta = { from_index: String(part.fromIndex), to_index: String(part.rangeEnd) };
      this.#access(requestId).audit("log.exported", { sidecarId, meta });
    }
    return { part };
  }

  /**
   * Whether the code is the one its PC shows. Where no PC is paired to ask, a day has to pass: `readyAt`
   * (Unix milliseconds) is then when.
   */
  takeRecovery(code: string, requestId: string): { ok: boolean; readyAt: number | null } {
    const { sql, now } = this.#parts;
    if (hasActiveSidecar(sql)) {
      return { ok: takeRecoveryCode(sql, code, now()) !== null, readyAt: null };
    }
    const readyAt = takeRecoveryWithoutPc(sql, now());
    if (readyAt !== null) {
      const who = this.#who({ kind: "gateway" });
      this.#note("owner.recovery_begun", { who, meta: { state: "without_pc" }, requestId });
    }
    return { ok: readyAt === null, readyAt };
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
    if (!(await this.#provesRecovery(sidecarId, token))) return null;
    const step = askRecovery(this.#parts.sql, sidecarId, this.#parts.now());
    if (step.state !== "waiting") {
      const meta = { sidecar_id: sidecarId, state: step.state };
      const who = this.#who({ kind: "sidecar", sidecarId });
      this.#note("owner.recovery_begun", { who, meta, requestId });
    }
    return step;
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
    const who = this.#who({ kind: "gateway", clientId });
    this.#note("client.revoked", { who, meta: { reason: "grant" }, requestId });
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
    const { sql, relay } = this.#parts;
    const undone = undoPairing(sql, sidecarId, undo);
    if (undone === null) return false;
    const left = undone.left === "paired" ? undone.capabilities : [];
    this.#note("sidecar.pairing_undone", {
      who: this.#who({ kind: "sidecar", sidecarId }),
      meta: { left: undone.left, capabilities: left.join(" ") },
      requestId,
    });
    if (undone.left === "revoked") cutOff(sql, relay, sidecarId);
    else relay.narrowed(sidecarId, left);
    return true;
  }

  /** A file of the signed audit log, for anybody: heads and hashes alone; null where there is none. */
  auditFile(logId: string, path: string): LogFile | null {
    return this.#parts.hasTables() ? logFile(this.#parts.sql, logId, path) : null;
  }

  /** Origins of the owner's own pages, as the PC in use names them; none where there is none. */
  async ownPageOrigins(): Promise<readonly string[]> {
    return this.#parts.hasTables() ? this.#parts.orders.ownPage.origins() : [];
  }

  /**
   * What the owner's own page asks, carried to the PC: it proves itself by a token whose hash the PC
   * gave. It reads what waits and brings what its passkey signed, and the PC judges that.
   */
  async ownPage(asked: OwnPageCall): Promise<OwnPageAnswer> {
    if (!this.#parts.hasTables()) return { kind: "unknown_token", origins: [] };
    return this.#parts.orders.ownPage.call(asked);
  }

  /** Removes what has ended of sessions, attempts, challenges and codes; answers how many rows. */
  pruneAccess(): number {
    if (!this.#parts.hasTables()) return 0;
    const nowMs = this.#parts.now();
    const attemptsSinceMs = nowMs - SIGN_IN_WINDOW_MS;
    return pruneAccess(this.#parts.sql, { nowMs, attemptsSinceMs });
  }

  /** Nobody who is signed in did it: the PC, by its own key, or the gateway by itself. */
  #who(by: { kind: "sidecar" | "gateway"; clientId?: string; sidecarId?: string }) {
    const { kind, clientId = null, sidecarId = null } = by;
    const subject = this.#parts.accountId;
    return { kind, subject, client_id: clientId, sidecar_id: sidecarId };
  }

  #note(type: AuditEventType, facts: Pick<EventFacts, "who" | "meta" | "requestId">): void {
    const at = this.#parts.now();
    this.#parts.audit(auditEvent({ ...facts, type, startedAt: at, endedAt: at }));
  }

  #access(requestId: string): OwnerAccess {
    return ownerAccess(this.#parts, requestId);
  }

  /** Whether a paired PC's own key asks for a recovery. */
  #provesRecovery(sidecarId: string, token: string): Promise<boolean> {
    return this.#provesDevice(DEVICE_TOKEN.recovery, sidecarId, token);
  }

  async #provesDevice(typ: DeviceTokenType, sidecarId: string, token: string): Promise<boolean> {
    if (!this.#parts.hasTables()) return false;
    const verdict = await checkDeviceToken(
      this.#parts.sql,
      typ,
      { token, principal: sidecarId, journalId: "" },
      { origin: this.#parts.party.origin, now: this.#parts.now },
    );
    return verdict.ok;
  }
}
