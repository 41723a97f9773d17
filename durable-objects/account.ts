import { DurableObject } from "cloudflare:workers";
import { readEdgeIdentity } from "@ibkr-edge-gateway/protocol/relay/edge-identity.ts";
import { isBeingDeleted } from "./account/access/account-deletion.ts";
import { announceKeys } from "./account/access/announce-keys.ts";
import { checkOwnerSession } from "./account/access/session-lifecycle.ts";
import { accountHashKey } from "./account/audit/account-hash.ts";
import type { NewAuditEvent } from "./account/audit/events.ts";
import { exportsUnderWay } from "./account/audit/exports-under-way.ts";
import { appendAudit } from "./account/audit/log.ts";
import { LogKeeper } from "./account/audit/log-keeper.ts";
import { AUDIT_SHIP_DELAY_MS, auditShipDueAt, shipAudit } from "./account/audit/outbox.ts";
import { isSignedAtOnce } from "./account/audit/sign-head.ts";
import { auditSize } from "./account/audit/tables/log.ts";
import { type ClientUse, flushClientUse } from "./account/clients/clients.ts";
import { deleteStorage } from "./account/delete-storage.ts";
import { EarliestAlarm } from "./account/earliest-alarm.ts";
import { HourlyPruning } from "./account/hourly-pruning.ts";
import { changeWaits, isStep } from "./account/orders/agent/change-waits.ts";
import { orderLog } from "./account/orders/order-log.ts";
import { createOrderService, type OrderService } from "./account/orders/order-service.ts";
import { attention } from "./account/orders/owner/what-needs-attention.ts";
import { logAbandoned } from "./account/platform/log-abandoned.ts";
import type { ObjectEnv } from "./account/platform/object-env.ts";
import { createRelayHost } from "./account/relay/relay-host.ts";
import type { RelayHost } from "./account/relay/relay-host-interface.ts";
import type { AccountParts } from "./account/rpc/account-parts.ts";
import type { Principal } from "./account/rpc/account-types.ts";
import { AgentAccount } from "./account/rpc/agent.ts";
import { type AgentParts, createAgentParts } from "./account/rpc/agent-parts.ts";
import { GatewayAccount } from "./account/rpc/gateway.ts";
import { OpenPages } from "./account/rpc/open-pages.ts";
import { LIVE_PATH } from "./account/rpc/open-pages-path.ts";
import { OwnerAccount } from "./account/rpc/owner.ts";
import type { OwnerEntry } from "./account/rpc/surface.ts";
import { migrate } from "./account/schema.ts";
import { hasTables } from "./account/tables/migrations.ts";

const VERSION = "0.1.0";

/**
 * One gateway account: relay session, jobs, clients, audit. This file is what the platform binds: the
 * three capabilities behind which every verb stands (see `account/rpc`), the sockets of the relay and
 * of the owner's open pages, and the alarm. Nothing is stored before a caller with standing asks, so that a made-up account id leaves
 * nothing behind.
 */
export class Account extends DurableObject<ObjectEnv> {
  readonly #accountId: string;
  protected readonly relay: RelayHost;
  readonly #orders: OrderService;
  readonly #log: LogKeeper;
  readonly #exportsUnderWay = exportsUnderWay(Date.now);
  readonly #clientUse: ClientUse = new Map();
  readonly #waits = changeWaits();
  readonly #pages: OpenPages;
  /** An own property, which no RPC can reach. */
  protected readonly parts: AccountParts;
  protected readonly calls: AgentParts;
  readonly #alarm: EarliestAlarm;
  readonly #pruning: HourlyPruning;
  #migrated = false;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.#accountId = ctx.id.name ?? ctx.id.toString();
    if (hasTables(ctx.storage.sql)) this.#migrate();
    this.#alarm = new EarliestAlarm(ctx.storage);
    this.#pruning = new HourlyPruning({
      storage: ctx.storage,
      audit: (event) => this.#audit(event),
      wakeAt: (at) => this.#alarm.noLaterThan(at),
    });
    this.#pages = new OpenPages({
      ctx,
      sql: () => this.#sql,
      hasTables: () => this.#hasTables(),
      now: Date.now,
    });
    this.relay = this.#createRelay();
    this.#orders = this.#createOrders();
    this.#log = this.#createLogKeeper();
    this.parts = this.#createParts();
    this.calls = createAgentParts({
      callsPerMinute: {
        client: env.CLIENT_CALLS_PER_MINUTE,
        account: env.ACCOUNT_CALLS_PER_MINUTE,
      },
      waits: this.#waits,
      accountKey: () => accountHashKey(ctx.storage.kv),
      analytics: env.ANALYTICS,
    });
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
  }

  /**
   * The owner's capability for a session's secret, and the session; null where there is none open.
   * `requestId` stands in the log beside whatever is done through it.
   */
  owner(secret: string, requestId: string): OwnerEntry | null {
    if (!this.#hasTables()) return null;
    const session = checkOwnerSession(this.#sql, secret, Date.now());
    if (session === null) return null;
    const owner = new OwnerAccount(this.parts, secret, requestId);
    const change = auditSize(this.#sql);
    return { owner, session, attention: attention(this.parts, Date.now()), change };
  }

  /** The capability of an agent, whose token the Worker verified. */
  agent(principal: Principal): AgentAccount {
    return new AgentAccount(this.parts, this.calls, principal);
  }

  /** What the Worker does by its own standing. */
  get gateway(): GatewayAccount {
    return new GatewayAccount(this.parts);
  }

  /** The WebSocket upgrades of the relay and of the owner's pages, and nothing else. */
  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    return pathname === LIVE_PATH ? this.#pages.accept(request) : this.relay.accept(request);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    if (this.#pages.has(socket)) return this.#pages.heard(socket);
    await this.relay.message(socket, data);
    // Most frames add nothing to the log, a cosignature of its head among them: none wakes for them.
    if (this.#migrated) this.#alarm.noLaterThan(auditShipDueAt(this.#sql));
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    if (this.#pages.has(socket)) return this.#pages.closed(socket, code);
    await this.relay.closed(socket, code);
    this.#shipSoon();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket, 1006);
  }

  override async alarm(): Promise<void> {
    this.#alarm.rang();
    if (!this.#hasTables()) return;
    const sql = this.#sql;
    if (isBeingDeleted(sql)) return this.#erase();
    this.relay.tick();
    flushClientUse(sql, this.#clientUse);
    const report = await shipAudit(sql, this.env.DB, this.#accountId, Date.now);
    if (report.outcome === "failed") {
      console.warn(
        JSON.stringify({ level: "warn", event: "audit.ship_failed", detail: report.error }),
      );
    }
    await this.#log.signIfDue();
    await this.#orders.alarm();
    // Orders take the ends of their writes before the oldest of these go.
    this.#pruning.ifDue(Date.now());
    this.#alarm.noLaterThan(auditShipDueAt(sql));
    this.#alarm.noLaterThan(this.#log.dueAt());
    this.#alarm.noLaterThan(this.relay.leaseDueAt());
    this.#alarm.noLaterThan(this.#orders.alarmAt());
  }

  /** All that is stored, and then what this object holds in memory: nothing writes any of it again. */
  async #erase(): Promise<void> {
    const gone = await deleteStorage({
      storage: this.ctx.storage,
      database: this.env.DB,
      accountId: this.#accountId,
      sign: () => this.#log.signLast(),
      now: Date.now,
    });
    if (gone) this.ctx.abort("the account was deleted");
  }

  #createRelay(): RelayHost {
    const { ctx, env } = this;
    return createRelayHost({
      ctx,
      accountId: this.#accountId,
      origin: env.PUBLIC_ORIGIN,
      version: VERSION,
      identity: readEdgeIdentity(env.EDGE_IDENTITY_KEY),
      onStep: () => {
        this.#alarm.noLaterThan(this.relay?.leaseDueAt() ?? null);
        this.#pages.changed();
      },
      listener: {
        event: (event) => {
          this.#orders.event(event);
          if (event.type === "broker.session") this.#pages.changedUnlogged();
        },
        connected: () => {
          this.#orders.connected();
          this.#announceKeys();
          this.#log.reconnected();
        },
        lost: (job) => this.#orders.lost(job),
        witnessed: (sidecarId, answer) =>
          this.#log.witnessing.answered(sidecarId, answer).catch(logAbandoned("audit.witness")),
      },
    });
  }

  #createOrders(): OrderService {
    return createOrderService({
      storage: this.ctx.storage,
      relay: this.relay,
      accountId: this.#accountId,
      origin: this.env.PUBLIC_ORIGIN,
      log: orderLog({
        accountId: this.#accountId,
        accountKey: () => accountHashKey(this.ctx.storage.kv),
        append: (event) => {
          this.#audit(event);
          if (isStep(event.type)) this.#waits.poke();
        },
        now: Date.now,
      }),
      now: Date.now,
      wakeAt: (at) => this.#alarm.noLaterThan(at),
    });
  }

  #createLogKeeper(): LogKeeper {
    return new LogKeeper({
      sql: () => this.#sql,
      accountId: this.#accountId,
      env: this.env,
      atomic: (act) => this.ctx.storage.transactionSync(act),
      append: (event) => this.#audit(event),
      connected: () => {
        const { online, sidecarId } = this.relay.presence();
        return online ? sidecarId : null;
      },
      show: (head) => this.relay.showHead(head),
      now: Date.now,
    });
  }

  #createParts(): AccountParts {
    const { origin, hostname } = new URL(this.env.PUBLIC_ORIGIN);
    const tables = () => this.#sql;
    return {
      accountId: this.#accountId,
      origin: this.env.PUBLIC_ORIGIN,
      party: { id: hostname, origin },
      get sql() {
        return tables();
      },
      hasTables: () => this.#hasTables(),
      relay: this.relay,
      orders: this.#orders,
      clientUse: this.#clientUse,
      audit: (event) => this.#audit(event),
      exportsUnderWay: this.#exportsUnderWay,
      announceKeys: () => this.#announceKeys(),
      wakeAt: (at) => this.#alarm.noLaterThan(at),
      pruneSoon: () => this.#pruning.at(Date.now()),
      now: Date.now,
    };
  }

  /** The account's tables, created on first use. */
  get #sql(): SqlStorage {
    this.#migrate();
    return this.ctx.storage.sql;
  }

  /** Once they are there, no table of tables is read for it. */
  #hasTables(): boolean {
    return this.#migrated || hasTables(this.ctx.storage.sql);
  }

  #migrate(): void {
    if (this.#migrated) return;
    migrate(this.ctx.storage);
    this.#migrated = true;
  }

  /** After the step that is in progress: its session must be there first. Never fails anybody. */
  #announceKeys(): void {
    void Promise.resolve()
      .then(() => announceKeys(this.#sql, this.relay))
      .catch(logAbandoned("passkeys.announce"));
  }

  #audit(event: NewAuditEvent): number {
    const { seq } = appendAudit(this.#sql, this.#accountId, event, Date.now());
    this.#shipSoon();
    this.#pages.changed();
    if (isSignedAtOnce(event.type)) this.#log.signSoon();
    return seq;
  }

  /** The log is copied a little after it grew, so that a busy minute is a few statements. */
  #shipSoon(): void {
    if (this.#migrated) this.#alarm.noLaterThan(Date.now() + AUDIT_SHIP_DELAY_MS);
  }
}
