import { DurableObject } from "cloudflare:workers";
import { accessLink } from "@ibkr-edge-gateway/protocol/access-link.ts";
import type { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { readEdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { isScope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { announceKeys } from "./account/access/announce-keys.ts";
import {
  askRecovery,
  dropRecovery,
  pendingRecoveries,
  stopRecoveries,
  takeMemberRecovery,
} from "./account/access/member-recovery.ts";
import {
  beginConfirmation,
  beginPasskey,
  confirmedSession,
  confirmSession,
  dropPasskey,
  finishPasskey,
  firstPasskey,
  type OwnerAccess,
  signInWithPasskey,
  switchTokenSignIn,
} from "./account/access/owner-access.ts";
import {
  checkOwnerSession,
  closeOwnerSession,
  listOwnerSessions,
  openOwnerSession,
  revokeOtherSessions,
  revokeOwnerSession,
  SIGN_IN_WINDOW_MS,
  takeSignInAttempt,
} from "./account/access/owner-sessions.ts";
import { listPasskeys, tokenSignsIn } from "./account/access/passkeys.ts";
import { keepForm, pendingPath, takeForm } from "./account/access/pending-forms.ts";
import { pruneAccess } from "./account/access/prune.ts";
import { issueRecoveryCode, takeRecoveryCode } from "./account/access/recovery-code.ts";
import { isRedeemed, noteRedeemed, spendOnce, takeCode } from "./account/access/spent-tokens.ts";
import { accountHasher } from "./account/audit/account-hash.ts";
import { agent, auditEvent, contentHash, ownerEvent } from "./account/audit/events.ts";
import { appendAudit, tailAudit } from "./account/audit/log.ts";
import { AUDIT_SHIP_DELAY_MS, auditShipDueAt, shipAudit } from "./account/audit/outbox.ts";
import { countCall } from "./account/call-metrics.ts";
import {
  admitClient,
  type ClientUse,
  changeClient,
  clientStanding,
  flushClientUse,
  listClients,
  noteClientUse,
  readmitExternal,
  revokeAllClients,
  revokeClient,
  revokeGrant,
  takeExternalToken,
} from "./account/clients/clients.ts";
import { type CallBudget, callBudget, takeCall } from "./account/clients/rate-limit.ts";
import { stepUps } from "./account/clients/step-ups.ts";
import { changeWaits, isStep, stepSince } from "./account/orders/agent/change-waits.ts";
import { createOrderDesk, type OrderDesk } from "./account/orders/order-service.ts";
import { orderLog } from "./account/orders/tables/audit.ts";
import { backendStatus } from "./account/relay/backend-status.ts";
import { brokerAccounts } from "./account/relay/broker-accounts.ts";
import { checkDeviceToken } from "./account/relay/device-token-check.ts";
import { returnPairingTry, takePairingTry } from "./account/relay/pairing-attempts.ts";
import { createRelayHost } from "./account/relay/relay-host.ts";
import type { RelayHost } from "./account/relay/relay-host-interface.ts";
import {
  addSidecar,
  chooseSidecar,
  hasActiveSidecar,
  listSidecars,
  revokeSidecar,
  undoPairing,
} from "./account/relay/sidecars.ts";
import { pruneRelay } from "./account/relay/store.ts";
import type {
  AccountRpc,
  AuditPage,
  BackendStatus,
  BrokerAccount,
  ClientAdmission,
  ClientChange,
  ConnectedClient,
  NewlyPaired,
  NewSidecar,
  OwnerSessionView,
  PairedSidecar,
  PairingUndo,
  PendingRecovery,
  RefusedCall,
  SignInSecurity,
  SignInSource,
  ToolCall,
  ToolOutcome,
} from "./account/rpc/account.ts";
import type { MandatesRpc } from "./account/rpc/mandates.ts";
import type { OrdersRpc } from "./account/rpc/orders.ts";
import { hasTables, migrate } from "./account/schema.ts";
import { runToolCall } from "./account/tool-call.ts";
import type { ObjectEnv } from "./env.ts";

const VERSION = "0.1.0";
const PRUNE_EVERY_MS = 3_600_000;
const ACCOUNT_HASH_KEY = "account-hash-key";
/** Longer than anything that is used once stays valid by itself. */
const ONCE_REMEMBERED_MS = 86_400_000;

/**
 * One gateway account: relay session, jobs, clients, audit. This file is the surface; what a method
 * does stands in a file of its own. Nothing is stored before a caller with standing asks, so that a
 * made-up account id leaves nothing behind.
 */
export class Account extends DurableObject<ObjectEnv> implements AccountRpc {
  readonly #accountId: string;
  protected readonly relay: RelayHost;
  readonly #orders: OrderDesk;
  readonly #clientUse: ClientUse = new Map();
  readonly #stepUps = stepUps(Date.now);
  readonly #budget: CallBudget;
  readonly #waits = changeWaits();
  readonly #accountHash = accountHasher(() => this.#accountHashKey());
  /** When the alarm is set for; null when it is not. */
  #alarmAt: number | null = null;
  #migrated = false;
  #prunedAt = 0;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#accountId = ctx.id.name ?? ctx.id.toString();
    if (hasTables(ctx.storage.sql)) this.#migrate();
    this.#budget = callBudget({
      client: env.CLIENT_CALLS_PER_MINUTE,
      account: env.ACCOUNT_CALLS_PER_MINUTE,
    });
    this.relay = createRelayHost({
      ctx,
      accountId: this.#accountId,
      origin: env.PUBLIC_ORIGIN,
      version: VERSION,
      identity: readEdgeIdentity(env.EDGE_IDENTITY_KEY),
      onStep: () => this.#alarmNoLaterThan(this.relay?.leaseDueAt() ?? null),
      listener: {
        event: (event) => this.#orders.event(event),
        connected: () => {
          this.#orders.connected();
          this.#announceKeys();
        },
        lost: (job) => this.#orders.lost(job),
      },
    });
    this.#orders = createOrderDesk({
      storage: ctx.storage,
      relay: this.relay,
      accountId: this.#accountId,
      origin: env.PUBLIC_ORIGIN,
      log: orderLog({
        accountId: this.#accountId,
        accountKey: () => this.#accountHashKey(),
        append: (event) => {
          this.#audit(event);
          if (isStep(event.type)) this.#waits.poke();
        },
        now: Date.now,
      }),
      now: Date.now,
      wakeAt: (at) => this.#alarmNoLaterThan(at),
    });
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm();
    });
  }

  override async fetch(request: Request): Promise<Response> {
    return this.relay.accept(request);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.relay.message(socket, data);
    this.#shipSoon();
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    await this.relay.closed(socket, code);
    this.#shipSoon();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.relay.closed(socket, 1006);
    this.#shipSoon();
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    if (!hasTables(this.ctx.storage.sql)) return;
    const sql = this.#sql;
    this.relay.tick();
    flushClientUse(sql, this.#clientUse);
    const report = await shipAudit(sql, this.env.DB, this.#accountId, Date.now);
    if (report.outcome === "failed") {
      console.warn(
        JSON.stringify({ level: "warn", event: "audit.ship_failed", detail: report.error }),
      );
    }
    await this.#orders.alarm();
    // Orders take the ends of their writes before the oldest of these go.
    this.#pruneNowAndThen(sql);
    this.#alarmNoLaterThan(auditShipDueAt(sql));
    this.#alarmNoLaterThan(this.relay.leaseDueAt());
    this.#alarmNoLaterThan(this.#orders.alarmAt());
  }

  async run(call: ToolCall): Promise<ToolOutcome> {
    const sql = this.#sql;
    const startedAt = Date.now();
    noteClientUse(this.#clientUse, call.principal.clientId, startedAt);
    const outcome = await runToolCall(call, {
      sql,
      relay: this.relay,
      orders: this.#orders,
      standing: ({ principal, scope, operation }) =>
        clientStanding(sql, principal, scope, Date.now(), {
          operation,
          link: this.#accessLink(principal.clientId),
        }),
      link: ({ principal }) => this.#accessLink(principal.clientId),
      brokerAccounts: () => brokerAccounts(sql, this.relay),
      budget: (asked) =>
        takeCall(this.#budget, asked.principal.clientId, Date.now()) ??
        takeExternalToken(sql, asked, Date.now()),
      audit: (event) => this.#audit(event),
      accountHash: this.#accountHash,
      now: Date.now,
    });
    countCall(this.env.ANALYTICS, {
      tool: call.tool,
      outcome: outcome.ok ? "ok" : outcome.failure.code,
      ms: Date.now() - startedAt,
    });
    return outcome;
  }

  #accessLink(clientId: string): string {
    return accessLink(this.env.PUBLIC_ORIGIN, clientId);
  }

  async refuse(call: RefusedCall): Promise<{ audit_seq: number; again: boolean }> {
    const now = Date.now();
    countCall(this.env.ANALYTICS, { tool: call.tool, outcome: call.failure.code, ms: 0 });
    const audit_seq = this.#audit(
      auditEvent({
        type: "tool.refused",
        startedAt: now,
        endedAt: now,
        who: agent(call.principal, null),
        what: {
          tool: call.tool,
          scopes: [...call.principal.scopes].sort(),
          decision: call.decision,
          error_code: call.failure.code,
        },
        inputHash: contentHash(call.input),
        requestId: call.requestId,
      }),
    );
    const { missing, principal } = call;
    const again =
      missing !== undefined &&
      this.#stepUps.challenged(principal.grantId ?? principal.clientId, missing);
    return { audit_seq, again };
  }

  async untilChange({ principal, scope, afterSeq, ms }: Parameters<AccountRpc["untilChange"]>[0]) {
    const sql = this.#sql;
    // Whoever may not ask is told so by the call itself.
    if (!clientStanding(sql, principal, scope, Date.now()).ok) return "changed";
    return stepSince(sql, afterSeq) ? "changed" : this.#waits.wait(principal.clientId, ms);
  }

  async backendStatus(): Promise<BackendStatus> {
    return backendStatus(this.#sql, this.relay.presence());
  }

  async admitClient(client: ClientAdmission, requestId: string): Promise<void> {
    const now = Date.now();
    admitClient(this.#sql, client, now);
    const { clientId, redirectHost, scopes, accounts, atOnce } = client;
    const meta = {
      scopes: [...scopes].sort().join(" "),
      redirect_host: redirectHost,
      ...(accounts === undefined
        ? {}
        : { accounts: accounts === null ? "all" : String(accounts.length) }),
      ...(atOnce ? { first_hour: "lifted" } : {}),
    };
    this.#audit(ownerEvent("client.admitted", now, { clientId, requestId, meta }));
  }

  async changeClient(change: ClientChange, requestId: string): Promise<boolean> {
    const before = changeClient(this.#sql, change);
    if (before === null) return false;
    const { clientId, accounts, atOnce } = change;
    const scopes = change.scopes.filter(isScope).sort();
    const meta = {
      scopes: scopes.join(" "),
      added: scopes.filter((scope) => !before.includes(scope)).join(" "),
      removed: before.filter((scope) => !scopes.some((one) => one === scope)).join(" "),
      accounts: accounts === null ? "all" : String(accounts.length),
      ...(atOnce ? { first_hour: "lifted" } : {}),
    };
    this.#audit(ownerEvent("client.changed", Date.now(), { clientId, requestId, meta }));
    return true;
  }

  async revokeClient(clientId: string, requestId: string): Promise<boolean> {
    const revoked = revokeClient(this.#sql, clientId);
    if (revoked) this.#audit(ownerEvent("client.revoked", Date.now(), { clientId, requestId }));
    return revoked;
  }

  async readmitClient(clientId: string, requestId: string): Promise<boolean> {
    const now = Date.now();
    if (!readmitExternal(this.#sql, clientId, now)) return false;
    this.#audit(ownerEvent("client.admitted", now, { clientId, requestId }));
    return true;
  }

  async revokeAllClients(requestId: string): Promise<string[]> {
    const revoked = revokeAllClients(this.#sql);
    for (const clientId of revoked) {
      this.#audit(ownerEvent("client.revoked", Date.now(), { clientId, requestId }));
    }
    return revoked;
  }

  async revokeGrant(grantId: string, requestId: string): Promise<boolean> {
    if (!hasTables(this.ctx.storage.sql)) return false;
    const clientId = revokeGrant(this.#sql, grantId);
    if (clientId === null) return false;
    const meta = { reason: "grant" };
    this.#audit(ownerEvent("client.revoked", Date.now(), { clientId, requestId, meta }));
    return true;
  }

  async scopesLeft(clientId: string, grantId: string): Promise<string[] | null> {
    if (!hasTables(this.ctx.storage.sql)) return null;
    const found = clientStanding(this.#sql, { clientId, grantId }, null, Date.now());
    return found.ok ? found.standing.scopes : null;
  }

  async brokerAccounts(): Promise<BrokerAccount[] | GatewayFailure> {
    return brokerAccounts(this.#sql, this.relay);
  }

  async takeCode(hash: string) {
    // A code of an account that never was is nobody's.
    if (!hasTables(this.ctx.storage.sql)) return "again";
    return takeCode(this.#sql, hash, Date.now());
  }

  async noteRedeemed(kind: "code" | "refresh", hash: string): Promise<void> {
    noteRedeemed(this.#sql, kind, hash, Date.now());
  }

  async isRedeemed(hash: string): Promise<boolean> {
    return hasTables(this.ctx.storage.sql) && isRedeemed(this.#sql, hash);
  }

  async listClients(): Promise<ConnectedClient[]> {
    const sql = this.#sql;
    flushClientUse(sql, this.#clientUse);
    return listClients(sql);
  }

  async signInAllowed(source: string) {
    return takeSignInAttempt(this.#sql, source, Date.now());
  }

  async signInFailed(requestId: string): Promise<void> {
    this.#audit(ownerEvent("owner.sign_in_refused", Date.now(), { requestId, refused: true }));
  }

  async openOwnerSession(
    how: SignInSource & { method: "token" | "oidc" | "recovery"; once?: string },
    requestId: string,
  ) {
    const { once } = how;
    if (once !== undefined && !spendOnce(this.#sql, once, ONCE_REMEMBERED_MS, Date.now())) {
      return null;
    }
    const session = openOwnerSession(this.#sql, how, Date.now());
    this.#access(requestId).audit("owner.signed_in", { meta: { method: how.method } });
    return session;
  }

  async signInWithPasskey(
    answer: SignInSource & { assertion: PasskeyAssertion; challenge: string },
    requestId: string,
  ) {
    if (!hasTables(this.ctx.storage.sql)) return null;
    return signInWithPasskey(this.#access(requestId), answer);
  }

  async checkOwnerSession(secret: string) {
    if (!hasTables(this.ctx.storage.sql)) return null;
    return checkOwnerSession(this.#sql, secret, Date.now());
  }

  async closeOwnerSession(secret: string, requestId: string): Promise<void> {
    if (closeOwnerSession(this.#sql, secret)) this.#access(requestId).audit("owner.signed_out");
  }

  async listOwnerSessions(): Promise<OwnerSessionView[]> {
    return listOwnerSessions(this.#sql, Date.now());
  }

  async revokeOwnerSession(id: string, requestId: string): Promise<boolean> {
    if (!revokeOwnerSession(this.#sql, id)) return false;
    this.#access(requestId).audit("owner.session_revoked");
    return true;
  }

  async revokeOtherSessions(keepId: string, requestId: string): Promise<number> {
    const ended = revokeOtherSessions(this.#sql, keepId);
    if (ended > 0) {
      this.#access(requestId).audit("owner.session_revoked", { meta: { count: String(ended) } });
    }
    return ended;
  }

  async noteForeignLink(requestId: string): Promise<void> {
    this.#audit(ownerEvent("owner.foreign_link", Date.now(), { requestId, refused: true }));
  }

  async pruneAccess(): Promise<number> {
    if (!hasTables(this.ctx.storage.sql)) return 0;
    const nowMs = Date.now();
    return pruneAccess(this.#sql, { nowMs, attemptsSinceMs: nowMs - SIGN_IN_WINDOW_MS });
  }

  async signInSecurity(): Promise<SignInSecurity> {
    if (!hasTables(this.ctx.storage.sql)) return { passkeys: [], tokenSignsIn: true };
    const sql = this.#sql;
    return { passkeys: listPasskeys(sql), tokenSignsIn: tokenSignsIn(sql) };
  }

  async beginPasskey(sessionSecret: string) {
    return beginPasskey(this.#access(), sessionSecret);
  }

  async addPasskey(
    sessionSecret: string,
    made: { registration: PasskeyRegistration; name: string },
    requestId: string,
  ) {
    const outcome = await finishPasskey(this.#access(requestId), sessionSecret, made);
    if (outcome === "added") this.#announceKeys();
    return outcome;
  }

  async addFirstPasskey(
    made: { registration: PasskeyRegistration; challenge: string; name: string },
    requestId: string,
  ) {
    return firstPasskey(this.#access(requestId), made);
  }

  async beginRecovery(sidecarId: string, token: string, requestId: string) {
    if (!(await this.#provesRecovery(sidecarId, token))) return null;
    this.#access(requestId).audit("owner.recovery_begun", { meta: { sidecar_id: sidecarId } });
    return issueRecoveryCode(this.#sql, sidecarId, Date.now());
  }

  async takeRecovery(code: string): Promise<boolean> {
    const sql = this.#sql;
    return !hasActiveSidecar(sql) || takeRecoveryCode(sql, code, Date.now()) !== null;
  }

  async beginMemberRecovery(sidecarId: string, token: string, requestId: string) {
    if (!(await this.#provesRecovery(sidecarId, token))) return null;
    const step = askRecovery(this.#sql, sidecarId, Date.now());
    if (step.state !== "waiting") {
      const meta = { sidecar_id: sidecarId, state: step.state };
      this.#access(requestId).audit("owner.recovery_begun", { meta });
    }
    return step;
  }

  async takeMemberRecovery(code: string): Promise<boolean> {
    return takeMemberRecovery(this.#sql, code, Date.now());
  }

  async pendingRecoveries(): Promise<PendingRecovery[]> {
    return pendingRecoveries(this.#sql, Date.now());
  }

  async stopRecoveries(requestId: string): Promise<boolean> {
    if (!stopRecoveries(this.#sql)) return false;
    this.#access(requestId).audit("owner.recovery_stopped", { meta: { by: "session" } });
    return true;
  }

  async removePasskey(sessionSecret: string, credentialId: string, requestId: string) {
    const dropped = dropPasskey(this.#access(requestId), sessionSecret, credentialId);
    if (dropped) this.#announceKeys();
    return dropped;
  }

  async setTokenSignIn(sessionSecret: string, on: boolean, requestId: string) {
    return switchTokenSignIn(this.#access(requestId), sessionSecret, on);
  }

  async keepForm(sessionSecret: string, form: { path: string; fields: string }) {
    const session = checkOwnerSession(this.#sql, sessionSecret, Date.now());
    return session === null ? null : keepForm(this.#sql, session.id, form, Date.now());
  }

  async pendingPath(sessionSecret: string, id: string) {
    const session = checkOwnerSession(this.#sql, sessionSecret, Date.now());
    return session === null ? null : pendingPath(this.#sql, session.id, id, Date.now());
  }

  async takeForm(sessionSecret: string, id: string) {
    const session = confirmedSession(this.#access(), sessionSecret);
    return session === null ? null : takeForm(this.#sql, session.id, id, Date.now());
  }

  async beginConfirmation(sessionSecret: string) {
    return beginConfirmation(this.#access(), sessionSecret);
  }

  async confirmSession(sessionSecret: string, assertion: PasskeyAssertion, requestId: string) {
    return confirmSession(this.#access(requestId), sessionSecret, assertion);
  }

  async pairingTryAllowed(): Promise<boolean> {
    return takePairingTry(this.#sql, Date.now());
  }

  async pairingTryFailed(): Promise<void> {
    this.#audit(ownerEvent("sidecar.pairing_refused", Date.now(), { refused: true }));
  }

  async pairingTryReturned(): Promise<void> {
    returnPairingTry(this.#sql);
  }

  async addSidecar(sidecar: NewSidecar, requestId: string): Promise<NewlyPaired> {
    const now = Date.now();
    const paired = addSidecar(this.#sql, sidecar, now);
    this.#audit(
      ownerEvent("sidecar.paired", now, {
        requestId,
        sidecarId: paired.sidecarId,
        meta: {
          capabilities: sidecar.capabilities.join(" "),
          fingerprint: sidecar.fingerprint,
        },
      }),
    );
    this.relay.narrowed(paired.sidecarId, paired.capabilities);
    return paired;
  }

  async undoPairing(sidecarId: string, undo: PairingUndo, requestId: string): Promise<boolean> {
    const undone = undoPairing(this.#sql, sidecarId, undo);
    if (undone === null) return false;
    const now = Date.now();
    const left = undone.left === "paired" ? undone.capabilities : [];
    this.#audit(
      auditEvent({
        type: "sidecar.pairing_undone",
        startedAt: now,
        endedAt: now,
        who: { kind: "sidecar", subject: this.#accountId, client_id: null, sidecar_id: sidecarId },
        requestId,
        meta: { left: undone.left, capabilities: left.join(" ") },
      }),
    );
    if (undone.left === "revoked") this.#cutOff(sidecarId);
    else this.relay.narrowed(sidecarId, left);
    return true;
  }

  async listSidecars(): Promise<PairedSidecar[]> {
    return listSidecars(this.#sql);
  }

  async chooseSidecar(sidecarId: string, requestId: string): Promise<boolean> {
    if (!chooseSidecar(this.#sql, sidecarId, Date.now())) return false;
    this.#audit(ownerEvent("sidecar.chosen", Date.now(), { requestId, sidecarId }));
    return true;
  }

  async revokeSidecar(sidecarId: string, requestId: string): Promise<boolean> {
    if (!revokeSidecar(this.#sql, sidecarId)) return false;
    this.#audit(ownerEvent("sidecar.revoked", Date.now(), { requestId, sidecarId }));
    this.#cutOff(sidecarId);
    return true;
  }

  /** After its row was revoked: the session ends, and so does what it asked for as a way in. */
  #cutOff(sidecarId: string): void {
    dropRecovery(this.#sql, sidecarId);
    this.relay.revoked(sidecarId);
  }

  async auditTail(query: { beforeSeq?: number; limit: number }): Promise<AuditPage> {
    return tailAudit(this.#sql, query);
  }

  async listApprovals(...asked: Parameters<OrdersRpc["listApprovals"]>) {
    return this.#owner.listApprovals(...asked);
  }

  async approvalView(...asked: Parameters<OrdersRpc["approvalView"]>) {
    return this.#owner.approvalView(...asked);
  }

  async approveOrder(...asked: Parameters<OrdersRpc["approveOrder"]>) {
    return this.#owner.approveOrder(...asked);
  }

  async denyOrder(...asked: Parameters<OrdersRpc["denyOrder"]>) {
    return this.#owner.denyOrder(...asked);
  }

  async tradingSettings(...asked: Parameters<OrdersRpc["tradingSettings"]>) {
    return this.#owner.tradingSettings(...asked);
  }

  async switchTrading(...asked: Parameters<OrdersRpc["switchTrading"]>) {
    return this.#owner.switchTrading(...asked);
  }

  async tickChecklist(...asked: Parameters<OrdersRpc["tickChecklist"]>) {
    return this.#owner.tickChecklist(...asked);
  }

  async flattenPlan(...asked: Parameters<OrdersRpc["flattenPlan"]>) {
    return this.#owner.flattenPlan(...asked);
  }

  async engageKill(...asked: Parameters<OrdersRpc["engageKill"]>) {
    return this.#owner.engageKill(...asked);
  }

  async beginLift(...asked: Parameters<OrdersRpc["beginLift"]>) {
    return this.#owner.beginLift(...asked);
  }

  async liftKill(...asked: Parameters<OrdersRpc["liftKill"]>) {
    return this.#owner.liftKill(...asked);
  }

  async beginPolicy(...asked: Parameters<OrdersRpc["beginPolicy"]>) {
    return this.#owner.beginPolicy(...asked);
  }

  async changePolicy(...asked: Parameters<OrdersRpc["changePolicy"]>) {
    return this.#owner.changePolicy(...asked);
  }

  async ordersPage(...asked: Parameters<OrdersRpc["ordersPage"]>) {
    return this.#owner.ordersPage(...asked);
  }

  async markAlertsSeen(...asked: Parameters<OrdersRpc["markAlertsSeen"]>) {
    return this.#owner.markAlertsSeen(...asked);
  }

  async ownerCancel(...asked: Parameters<OrdersRpc["ownerCancel"]>) {
    return this.#owner.ownerCancel(...asked);
  }

  async beginAnswer(...asked: Parameters<OrdersRpc["beginAnswer"]>) {
    return this.#owner.beginAnswer(...asked);
  }

  async answerQuestion(...asked: Parameters<OrdersRpc["answerQuestion"]>) {
    return this.#owner.answerQuestion(...asked);
  }

  async listMandates(...asked: Parameters<MandatesRpc["listMandates"]>) {
    return this.#mandates.listMandates(...asked);
  }

  async mandateChoices(...asked: Parameters<MandatesRpc["mandateChoices"]>) {
    return this.#mandates.mandateChoices(...asked);
  }

  async beginMandate(...asked: Parameters<MandatesRpc["beginMandate"]>) {
    return this.#mandates.beginMandate(...asked);
  }

  async signMandate(...asked: Parameters<MandatesRpc["signMandate"]>) {
    return this.#mandates.signMandate(...asked);
  }

  async confirmMandate(...asked: Parameters<MandatesRpc["confirmMandate"]>) {
    return this.#mandates.confirmMandate(...asked);
  }

  async showMandate(...asked: Parameters<MandatesRpc["showMandate"]>) {
    return this.#mandates.showMandate(...asked);
  }

  async revokeMandate(...asked: Parameters<MandatesRpc["revokeMandate"]>) {
    return this.#mandates.revokeMandate(...asked);
  }

  /** What the owner's pages ask about mandates. */
  get #mandates(): MandatesRpc {
    this.#migrate();
    return this.#orders.mandates((requestId) => this.#access(requestId));
  }

  /** What the owner's pages ask about orders. */
  get #owner(): OrdersRpc {
    this.#migrate();
    return this.#orders.owner((requestId) => this.#access(requestId));
  }

  /** The account's tables, created on first use. */
  get #sql(): SqlStorage {
    this.#migrate();
    return this.ctx.storage.sql;
  }

  #migrate(): void {
    if (this.#migrated) return;
    migrate(this.ctx.storage);
    this.#migrated = true;
  }

  /** Whether a paired PC's own key asks for a recovery. */
  async #provesRecovery(sidecarId: string, token: string): Promise<boolean> {
    if (!hasTables(this.ctx.storage.sql)) return false;
    const verdict = await checkDeviceToken(
      this.#sql,
      DEVICE_TOKEN.recovery,
      { token, principal: sidecarId, journalId: "" },
      { origin: new URL(this.env.PUBLIC_ORIGIN).origin, now: Date.now },
    );
    return verdict.ok;
  }

  /** What the owner's own acts work with; each is audited under the request that asked for it. */
  #access(requestId?: string): OwnerAccess {
    const { origin, hostname } = new URL(this.env.PUBLIC_ORIGIN);
    return {
      sql: this.#sql,
      party: { id: hostname, origin },
      now: Date.now,
      audit: (type, facts = {}) => {
        const named = requestId === undefined ? {} : { requestId };
        this.#audit(ownerEvent(type, Date.now(), { ...facts, ...named }));
      },
    };
  }

  /** After the step that is under way: its session must be there first. Never fails anybody. */
  #announceKeys(): void {
    void Promise.resolve()
      .then(() => announceKeys(this.#sql, this.relay))
      .catch(() => undefined);
  }

  #audit(event: AuditEvent): number {
    const { seq } = appendAudit(this.#sql, this.#accountId, event, Date.now());
    this.#shipSoon();
    return seq;
  }

  /** The log is copied a little after it grew, so that a busy minute is a few statements. */
  #shipSoon(): void {
    if (this.#migrated) this.#alarmNoLaterThan(Date.now() + AUDIT_SHIP_DELAY_MS);
  }

  #alarmNoLaterThan(at: number | null): void {
    if (at === null || (this.#alarmAt !== null && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }

  /** Old outcomes of writes go once an hour, when the object is awake anyway. */
  #pruneNowAndThen(sql: SqlStorage): void {
    const now = Date.now();
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = now;
    pruneRelay(sql, now);
  }

  #accountHashKey(): Uint8Array {
    const stored = this.ctx.storage.kv.get<Uint8Array>(ACCOUNT_HASH_KEY);
    if (stored !== undefined) return stored;
    const key = crypto.getRandomValues(new Uint8Array(32));
    this.ctx.storage.kv.put(ACCOUNT_HASH_KEY, key);
    return key;
  }
}
