import { RpcTarget } from "cloudflare:workers";
import { accessLink } from "@ibkr-edge-gateway/protocol/access-link.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { agent, auditEvent, contentHash } from "../audit/events.ts";
import { callKind } from "../calls/call-kind.ts";
import { countCall } from "../calls/call-metrics.ts";
import { runToolCall } from "../calls/tool-call.ts";
import {
  accessRevoked,
  clientStanding,
  noteClientUse,
  takeExternalToken,
} from "../clients/clients.ts";
import { takeCall } from "../clients/rate-limit.ts";
import { stepSince } from "../orders/agent/change-waits.ts";
import { brokerAccounts } from "../relay/broker-accounts.ts";
import type { AccountParts } from "./account-parts.ts";
import type { Principal, RefusedCall, ToolCall, ToolOutcome, WaitEnd } from "./account-types.ts";
import type { AgentParts } from "./agent-parts.ts";

/**
 * What an agent may ask, as one capability for the principal that its access token proved. What the
 * owner gives this client is looked up at every verb: a token outlives the standing it was made for.
 */
export class AgentAccount extends RpcTarget {
  readonly #parts: AccountParts;
  readonly #calls: AgentParts;
  readonly #principal: Principal;

  constructor(parts: AccountParts, calls: AgentParts, principal: Principal) {
    super();
    this.#parts = parts;
    this.#calls = calls;
    this.#principal = principal;
  }

  /**
   * Runs one tool's call: `input` is what the tool's schema took, `deadlineMs` milliseconds from now.
   * Whatever happens is one answer and one leaf (`audit_seq`); a refusal is an answer and no error.
   */
  async run(asked: Omit<ToolCall, "principal">): Promise<ToolOutcome> {
    if (this.#isGone()) return { ok: false, failure: accessRevoked(), audit_seq: 0 };
    const { sql, relay, orders, clientUse, audit, now, origin } = this.#parts;
    const { budget, accountHash, analytics } = this.#calls;
    const call = { ...asked, principal: this.#principal };
    const startedAt = now();
    const { clientId, grantId } = this.#principal;
    noteClientUse(clientUse, clientId, startedAt);
    const { requestId, rpcId } = call;
    const held = this.#calls.running.begin({ clientId, grantId, requestId, rpcId });
    const outcome = await runToolCall(call, {
      sql,
      relay,
      orders,
      standing: ({ principal, scope, operation }) =>
        clientStanding(sql, principal, scope, now(), {
          operation,
          link: accessLink(origin, principal),
        }),
      link: ({ principal }) => accessLink(origin, principal),
      brokerAccounts: (service) => brokerAccounts(sql, relay, service),
      budget: (counted) =>
        takeCall(budget, counted.principal.clientId, now(), callKind(sql, counted, now())) ??
        takeExternalToken(sql, counted, now()),
      audit,
      accountHash,
      now,
      gone: held.signal,
    }).finally(() => held.end());
    countCall(analytics, {
      tool: call.tool,
      outcome: outcome.ok ? "ok" : outcome.failure.code,
      ms: now() - startedAt,
    });
    return outcome;
  }

  /**
   * Notes a call that the Worker refused before it became an operation. `again` is true when this
   * connection was challenged for the same scope a moment ago and did not step up (RFC 6750, section
   * 3.1; RFC 9470).
   */
  refuse(call: Omit<RefusedCall, "principal">): { audit_seq: number; again: boolean } {
    if (this.#isGone()) return { audit_seq: 0, again: false };
    const now = this.#parts.now();
    const principal = this.#principal;
    countCall(this.#calls.analytics, { tool: call.tool, outcome: call.failure.code, ms: 0 });
    const audit_seq = this.#parts.audit(
      auditEvent({
        type: "tool.refused",
        startedAt: now,
        endedAt: now,
        who: agent(principal, null),
        what: {
          tool: call.tool,
          scopes: [...principal.scopes].sort(),
          decision: call.decision,
          error_code: call.failure.code,
        },
        inputHash: contentHash(call.input),
        requestId: call.requestId,
      }),
    );
    const { missing } = call;
    const again =
      missing !== undefined &&
      this.#calls.stepUps.challenged(principal.grantId ?? principal.clientId, missing);
    return { audit_seq, again };
  }

  /**
   * Waits at most `ms` milliseconds until a step of an approval or an order is noted after the event
   * numbered `afterSeq`; answers whether that or the time ended it.
   */
  async untilChange(wait: {
    scope: Scope | null;
    afterSeq: number;
    ms: number;
    /** A name of the caller's for `leaveWait`; absent from a Worker of the version before. */
    place?: string;
  }): Promise<WaitEnd> {
    if (this.#isGone()) return "changed";
    const { sql, now } = this.#parts;
    const { scope, afterSeq, ms, place } = wait;
    // Whoever may not ask is told so by the call itself.
    if (!clientStanding(sql, this.#principal, scope, now()).ok) return "changed";
    if (stepSince(sql, afterSeq)) return "changed";
    return this.#calls.waits.wait(this.#principal.clientId, ms, place);
  }

  /** The connection of this client's request was closed: a read asked for it ends. Answers nothing. */
  leaveCall(requestId: string): void {
    this.#calls.running.left(this.#principal.clientId, requestId);
  }

  /**
   * This client took back its request with that JSON-RPC id (`notifications/cancelled`): a read ends,
   * and whoever waits for it is told so. A write keeps to its rule. Answers nothing.
   */
  takeBack(rpcId: string): void {
    const { clientId, grantId } = this.#principal;
    this.#calls.running.takenBack(clientId, grantId, rpcId);
  }

  /** Ends the waits that this client named `place`: whoever waited there has hung up. Answers nothing. */
  leaveWait(place: string): void {
    this.#calls.waits.leave(this.#principal.clientId, place);
  }

  /** What this client may do now; null when client or grant have no standing. */
  scopesLeft(): string[] | null {
    const { clientId, grantId } = this.#principal;
    if (!this.#parts.hasTables()) return null;
    const found = clientStanding(this.#parts.sql, { clientId, grantId }, null, this.#parts.now());
    return found.ok ? found.standing.scopes : null;
  }

  /**
   * Whether the owner deleted the account: its tokens may be known for a while where they were verified
   * last, another issuer's for as long as its subject names the account. What they ask makes nothing
   * anew.
   */
  #isGone(): boolean {
    return !this.#parts.hasTables();
  }
}
