import { connect as openSocket, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { CLIENT_META, LEGACY, MODERN } from "../support/mcp.ts";
import { connect } from "../support/oauth-client.ts";
import { pair, rawSidecar } from "../support/relay/raw-sidecar.ts";

/**
 * A caller that goes away, in both eras' forms, as the PC hears of it; and the one id under which a call
 * stands in the gateway's log, in the relay's frame and so in the PC's log.
 */
let gateway: Gateway;
let token: string;
let accountId: string;
/** Whoever works on a read at the PC: it ends when a test says so. */
const working: (() => void)[] = [];
const raw = rawSidecar(
  (operation) =>
    new Promise((resolve) => {
      if (operation !== "positions.list") return resolve({});
      working.push(() => resolve({}));
    }),
);

beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
  const owner = await ownerOf(gateway);
  accountId = accountOf(owner);
  await raw.connect(
    await pair(gateway.url, raw.device, async (code) => {
      const { OWNER_TOKEN: ownerToken } = gateway.secrets;
      await confirmPairingAsOwner({ url: gateway.url, ownerToken }, code);
    }),
  );
  const { tokens } = await connect(owner, { scope: "ibkr:positions:read" });
  token = tokens.access_token;
});
afterAll(async () => {
  raw.socket().close();
  await gateway.close();
});

type Era = "modern" | "legacy";

function requestOf(era: Era, id: string | number, more: Record<string, string> = {}) {
  const params = {
    name: "ibkr_positions_list",
    arguments: { account_id: "DU7001234" },
    ...(era === "modern" ? { _meta: CLIENT_META } : {}),
  };
  const named = { "mcp-method": "tools/call", "mcp-name": params.name };
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": era === "modern" ? MODERN : LEGACY,
      ...(era === "modern" ? named : {}),
      ...more,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params }),
  };
}

const ask = (era: Era, id: string | number, more: Record<string, string> = {}) =>
  fetch(`${gateway.url}/mcp`, requestOf(era, id, more));

/** A call over a socket of its own, so that the whole connection can go and not one half of it. */
function askAlone(era: Era): Socket {
  const { headers, body } = requestOf(era, 1);
  const { hostname, port, host } = new URL(gateway.url);
  const length = String(Buffer.byteLength(body));
  const lines = Object.entries({ host, ...headers, "content-length": length });
  const head = lines.map(([name, value]) => `${name}: ${value}`).join("\r\n");
  const socket = openSocket(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write(`POST /mcp HTTP/1.1\r\n${head}\r\n\r\n${body}`);
  return socket;
}

const takeBack = (requestId: string | number) =>
  fetch(`${gateway.url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": LEGACY,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId, reason: "the user stopped it" },
    }),
  });

const frames = (type: string) => raw.log.frames.filter((frame) => frame.type === type);
const cancels = () => frames("job.cancel").map(({ payload }) => payload.job_id);

/** The job of the read that was just asked for. */
async function atPc(before: number) {
  await expect.poll(() => frames("job.submit").length, { timeout: 10_000 }).toBe(before + 1);
  return frames("job.submit").at(-1);
}

async function newestCall() {
  const [row] = await gateway.sql<{ event: string }>(
    "Account",
    accountId,
    "SELECT event FROM audit_log WHERE event ->> '$.type' = 'tool.call' ORDER BY seq DESC LIMIT 1",
  );
  return JSON.parse(row?.event ?? "{}");
}

describe("a read whose caller goes away", () => {
  it.each(["modern", "legacy"] as const)(
    "%s: by closing its connection, is taken back at the PC at once",
    async (era) => {
      const before = frames("job.submit").length;
      const call = askAlone(era);
      const job = await atPc(before);
      expect(cancels()).not.toContain(job.payload.job_id);
      call.resetAndDestroy();
      await expect.poll(cancels, { timeout: 6_000 }).toContain(job.payload.job_id);
      working.pop()?.();
    },
    30_000,
  );

  it("legacy: by notifications/cancelled, which names the caller's own id", async () => {
    const before = frames("job.submit").length;
    const call = ask("legacy", "mine");
    const job = await atPc(before);
    expect((await takeBack("another")).status).toBe(202);
    expect((await takeBack("mine")).status).toBe(202);
    await expect.poll(cancels, { timeout: 6_000 }).toContain(job.payload.job_id);
    expect(cancels()).toHaveLength(new Set(cancels()).size);
    working.pop()?.();
    await (await call).text();
  }, 30_000);

  it("goes on where two of this connection bear the same id, since nobody can tell which is meant", async () => {
    const before = frames("job.submit").length;
    const calls = [ask("legacy", 7), ask("legacy", 7)];
    await expect.poll(() => frames("job.submit").length, { timeout: 10_000 }).toBe(before + 2);
    const count = cancels().length;
    await takeBack(7);
    await takeBack(7);
    expect(cancels()).toHaveLength(count);
    for (const end of working.splice(0)) end();
    for (const call of calls) await (await call).text();
  }, 30_000);
});

describe("one id", () => {
  const answered = async (headers: Record<string, string> = {}) => {
    const before = frames("job.submit").length;
    const call = ask("modern", 1, headers);
    const { traceparent } = await atPc(before);
    working.pop()?.();
    await (await call).text();
    return { traceparent, event: await newestCall() };
  };

  it("is the request's, in the log's event and in the frame, also for a read", async () => {
    const { traceparent, event } = await answered();
    expect(traceparent.split("-")[1]).toBe(event.request_id.replaceAll("-", ""));
    expect(event.meta).toEqual({});
  });

  it("is the caller's trace where it sent one, which the event then names beside the request's", async () => {
    const sent = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    const { traceparent, event } = await answered({ traceparent: sent });
    expect(traceparent).toBe(sent);
    expect(event.meta).toEqual({ trace_id: "0123456789abcdef0123456789abcdef" });
  });

  it("takes nothing for a trace that is none", async () => {
    const { traceparent, event } = await answered({ traceparent: "00-zz-1-01" });
    expect(traceparent.split("-")[1]).toBe(event.request_id.replaceAll("-", ""));
    expect(event.meta).toEqual({});
  });
});
