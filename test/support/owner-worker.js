// The Worker with a door to the owner's capability, so that a test can hold one after its session has
// ended. Put in front of the product's own bundle; never part of it.
import { RpcTarget } from "cloudflare:workers";
import gateway, { Pairing, Account as Plain } from "./index.js";

/** The capability as an older object gives it out: it has none of the verbs yet. */
class OfAnOlderVersion extends RpcTarget {}
let older = false;

export class Account extends Plain {
  #wokenAt = Date.now();

  owner(secret, requestId) {
    const entry = super.owner(secret, requestId);
    return older && entry !== null ? { ...entry, owner: new OfAnOlderVersion() } : entry;
  }

  /** Every verb of the capability, as the classes themselves say: `room.verb`, or `verb`. */
  testVerbs(secret) {
    const { owner } = this.owner(secret, "test");
    return verbsOf(owner);
  }

  /** When this object was last made: it had been asleep before. */
  testWokenAt() {
    return this.#wokenAt;
  }

  /** A socket that lets the object sleep, as a PC's does. */
  fetch(request) {
    if (new URL(request.url).pathname !== "/__socket") return super.fetch(request);
    const { 0: near, 1: far } = new WebSocketPair();
    this.ctx.acceptWebSocket(far);
    return new Response(null, { status: 101, webSocket: near });
  }
}
export { Pairing };

function verbsOf(target) {
  const members = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(target)));
  return members.flatMap(([name, { get, value }]) => {
    if (get !== undefined) return verbsOf(target[name]).map((verb) => `${name}.${verb}`);
    return name === "constructor" || typeof value !== "function" ? [] : [name];
  });
}

/** What a verb answers: that it threw, and by which code, or that it did not. */
async function outcomeOf(owner, path) {
  const names = path.split(".");
  const verb = names.pop();
  const room = names.reduce((at, name) => at[name], owner);
  try {
    await room[verb]();
    return [path, "answered"];
  } catch (error) {
    return [path, error.code ?? `${error.name}: ${error.message}`];
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (!pathname.startsWith("/__")) return gateway.fetch(request, env, ctx);
    const stub = env.ACCOUNT.getByName(searchParams.get("account"));
    const secret = searchParams.get("secret");
    switch (pathname) {
      case "/__socket":
        return stub.fetch(request);
      case "/__older":
        older = searchParams.get("secret") === "yes";
        return Response.json(older);
      case "/__woken":
        return Response.json(await stub.testWokenAt());
      case "/__signed_in":
        return Response.json((await stub.owner(secret, "test")) !== null);
      case "/__missing": {
        const entry = await stub.owner(secret, "test");
        return Response.json(await outcomeOf(entry.owner, "orders.verbOfTomorrow"));
      }
      case "/__after_end": {
        const verbs = await stub.testVerbs(secret);
        const entry = await stub.owner(secret, "test");
        await entry.owner.security.closeSession();
        return Response.json(await Promise.all(verbs.map((path) => outcomeOf(entry.owner, path))));
      }
      default:
        return new Response("no such door", { status: 404 });
    }
  },
  scheduled: (event, env) => gateway.scheduled(event, env),
};
