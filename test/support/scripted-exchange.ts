import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type {
  RefusedCall,
  ToolCall,
  ToolOutcome,
} from "../../durable-objects/account/rpc/account-types.ts";
import { cursorCodec } from "../../src/mcp/cursor.ts";
import type { Exchange } from "../../src/mcp/exchange.ts";

type AgentCall = Omit<ToolCall, "principal">;

/** An exchange with an account that answers as it is told and remembers what it was asked. */
export function scripted(answer: (call: AgentCall) => Promise<ToolOutcome> | ToolOutcome) {
  const runs: AgentCall[] = [];
  const refusals: Omit<RefusedCall, "principal">[] = [];
  const exchange: Exchange = {
    message: {},
    rewritten: new Map(),
    principal: {
      accountId: "acct_1",
      clientId: "client_1",
      grantId: null,
      scopes: [...READ_SCOPES],
    },
    granted: new Set<string>(READ_SCOPES),
    accessLink: "https://gateway.example/clients/access?id=client_1",
    agent: () => ({
      async run(call) {
        runs.push(call);
        return answer(call);
      },
      async refuse(call) {
        refusals.push(call);
        return { audit_seq: 1, again: false };
      },
      async untilChange() {
        return "unchanged";
      },
      async leaveWait() {},
      async leaveCall() {},
      async takeBack() {},
      async scopesLeft() {
        return [...READ_SCOPES];
      },
    }),
    cursors: cursorCodec("secret", { ttlMs: 1_000, now: () => 0 }),
    requestId: "req_1",
    traceparent: null,
  };
  return { exchange, runs, refusals };
}

export const answers = (result: JsonValue) => scripted(() => ({ ok: true, result, audit_seq: 1 }));

/** An audit log of `size` records, read as the account's object reads it. */
export function auditLog(size: number) {
  return scripted(({ input }) => {
    const { beforeSeq = size + 1, limit } = input;
    const first = Math.min(Number(beforeSeq) - 1, size);
    const seqs = Array.from({ length: Number(limit) }, (_, index) => first - index).filter(
      (seq) => seq > 0,
    );
    const last = seqs.at(-1) ?? 1;
    return {
      ok: true,
      audit_seq: 1,
      result: {
        records: seqs.map(auditRecord),
        nextBeforeSeq: last > 1 ? last : null,
        headSeq: size,
      },
    };
  });
}

export function auditRecord(seq: number) {
  return {
    seq,
    leaf_hash: "ab".repeat(32),
    event: {
      v: 2,
      event_id: "01JD0000000000000000000000",
      type: "tool.call",
      started_at: "2026-11-20T09:00:00.000Z",
      ended_at: "2026-11-20T09:00:00.010Z",
      who: { kind: "agent", subject: "acct", client_id: "client", sidecar_id: null },
      what: {
        tool: "ibkr_health",
        operation: "gateway.health",
        scopes: [],
        decision: "allow",
        result: "ok",
        error_code: null,
      },
      account_hash: null,
      account: null,
      input: null,
      output: null,
      request_id: "req",
      meta: {},
    },
  };
}
