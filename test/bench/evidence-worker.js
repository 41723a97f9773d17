// The Worker with a door to the log of one account: appends an event of an order, waits for the signed
// head over it, and again. Loaded by the benchmark alone.
import gateway, { Pairing, Account as Plain } from "./index.js";

export class Account extends Plain {
  /** How large the object's database is after so many, in bytes. */
  async benchAppend(count, type) {
    const { parts } = this;
    for (let n = 0; n < count; n++) {
      const seq = parts.audit(event(n, type));
      if (type !== "order.state") continue;
      for (let tries = 1; this.benchSigned() < seq; tries++) await turn(tries);
    }
    return { database_bytes: this.ctx.storage.sql.databaseSize, signed: this.benchSigned() };
  }

  benchSigned() {
    const [row] = this.ctx.storage.sql.exec("SELECT size FROM audit_signed").toArray();
    return row?.size ?? 0;
  }
}
export { Pairing };

/** Lets what was begun go on, at next to no cost; now and then what waits for D1 as well. */
const turn = (tries) =>
  tries % 64 === 0
    ? new Promise((resolve) => setTimeout(resolve, 0))
    : crypto.subtle.digest("SHA-256", new Uint8Array(1));

/** As large as those of a run: a scope, a tool, an account and what was asked and answered. */
function event(n, type) {
  const at = new Date().toISOString();
  const id = String(n).padStart(26, "0");
  return {
    ...{ v: 2, event_id: id, type, started_at: at, ended_at: at, request_id: `bench-${id}` },
    who: { kind: "agent", subject: `acct_${id}`, client_id: id, sidecar_id: id },
    what: {
      ...{ tool: "ibkr_positions_list", operation: "positions.list", decision: "allow" },
      ...{ scopes: ["ibkr:accounts:read", "ibkr:positions:read"], result: "ok", error_code: null },
    },
    account_hash: "0".repeat(64),
    meta: {},
    hidden: { account: "U1234567", input: "0".repeat(64), output: "1".repeat(64) },
  };
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/__append") return gateway.fetch(request, env, ctx);
    const stub = env.ACCOUNT.getByName(searchParams.get("account"));
    const count = Number(searchParams.get("count"));
    return Response.json(await stub.benchAppend(count, searchParams.get("type")));
  },
  scheduled: (event, env) => gateway.scheduled(event, env),
};
