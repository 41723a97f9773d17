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
}
export { Pairing };

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
