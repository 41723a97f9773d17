// The Worker with its account objects within reach, so that the relay can be measured without HTTP,
// OAuth and MCP in front of it. Loaded by the benchmark alone.
import gateway, { Pairing, Account as Plain } from "./index.js";

const woken = { fetch: 0, message: 0, close: 0, alarm: 0 };

export class Account extends Plain {
  fetch(request) {
    woken.fetch++;
    return super.fetch(request);
  }
  webSocketMessage(...args) {
    woken.message++;
    return super.webSocketMessage(...args);
  }
  webSocketClose(...args) {
    woken.close++;
    return super.webSocketClose(...args);
  }
  alarm(...args) {
    woken.alarm++;
    return super.alarm(...args);
  }
  /** A tool call in one RPC, as the Worker's pipelined one is one round trip. */
  run({ principal, ...call }) {
    return this.agent(principal).run(call);
  }
  /** The least that an RPC can cost here. */
  backendStatus() {
    return { online: this.relay.presence().online };
  }
  addSidecar(sidecar) {
    return this.#owned().sidecars.addSidecar(sidecar);
  }
  admitClient(client) {
    return this.#owned().clients.admitClient(client);
  }
  #owned() {
    const how = { source: "bench", label: "bench", method: "token" };
    const { secret } = this.gateway.openOwnerSession(how, "bench");
    return this.owner(secret, "bench").owner;
  }
  /** One job over the relay and nothing else: no standing, no budget, no audit leaf. */
  async relayed(operation) {
    const { ok } = await this.relay.submit(readOf(operation));
    return { ok };
  }
  /** Many of them within one call, so many at a time. */
  async relayedMany(operation, count, lanes) {
    let left = count;
    let failed = 0;
    const lane = async () => {
      while (left-- > 0) if (!(await this.relay.submit(readOf(operation))).ok) failed++;
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return { ok: failed === 0 };
  }
}
export { Pairing };

let jobs = 0;
/** A read of nothing; its digest is that of `{}`. */
function readOf(operation) {
  return {
    class: "read",
    submit: {
      job_id: String(++jobs).padStart(26, "0"),
      operation,
      input: {},
      input_sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      grant: {
        capability: "broker.read",
        scope: "bench",
        expires_at: new Date(Date.now() + 60_000).toISOString(),
      },
      deadline_ms: 10_000,
    },
  };
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/__woken") return Response.json(woken);
    const method = /^\/__account\/([a-zA-Z]+)$/.exec(pathname)?.[1];
    if (method === undefined) return gateway.fetch(request, env, ctx);
    const { account, args } = await request.json();
    const answer = await env.ACCOUNT.getByName(account)[method](...args);
    return Response.json(answer ?? null);
  },
};
