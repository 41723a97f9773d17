import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, PAPER, startBench } from "../testing/client.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

async function command(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await fetch(`${bench.simulator.controlUrl}${path}`, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const json: unknown = await answer.json();
  const fields: Record<string, unknown> =
    typeof json === "object" && json !== null ? { ...json } : {};
  return { status: answer.status, json: Array.isArray(json) ? json : fields, fields };
}

describe("the control port", () => {
  it("moves the clock, tells the state, changes behaviours and reads the log", async () => {
    const before = Number((await command("GET", "/clock")).fields.now);
    expect((await command("POST", "/clock/advance", { ms: 60_000 })).json).toEqual({
      now: before + 60_000,
    });
    expect((await command("POST", "/session/rival", { kind: "tws" })).json).toMatchObject({
      rival: "tws",
      brokerage: { phase: "evicted" },
    });
    expect((await command("PATCH", "/behaviours", { resets: { idleMs: 0 } })).json).toMatchObject({
      resets: { idleMs: 0 },
    });
    await bench.get("/tickle");
    expect((await command("GET", "/requests")).json).toMatchObject([
      {
        method: "GET",
        path: "/tickle",
        status: 200,
        outcome: "answered",
        userAgent: "simulator-test",
      },
    ]);
  });

  it("sets faults, prices and foreign orders, and ends a login of another kind", async () => {
    const { fields: fault } = await command("POST", "/faults", {
      match: { path: "/tickle" },
      do: { action: "badGateway" },
    });
    expect((await bench.get("/tickle")).status).toBe(502);
    expect((await command("DELETE", "/faults", { id: fault.id })).json).toEqual({ removed: true });
    await command("POST", "/market/pin", { conid: 265598, pin: { last: 100 } });
    const order = {
      conid: 265598,
      side: "BUY",
      orderType: "LMT",
      price: 98,
      tif: "GTC",
      quantity: 1,
    };
    const placed = await command("POST", "/orders/foreign", { account: PAPER, order });
    expect((await command("GET", "/orders")).json).toMatchObject([
      { id: placed.fields.id, origin: "mobile", quantity: "1" },
    ]);
    expect((await command("POST", "/session/login", { paper: false })).json).toMatchObject({
      sso: { paper: false },
    });
  });

  it.each([
    ["POST", "/clock/advance", { ms: -1 }],
    ["POST", "/clock/advance", { ms: "1" }],
    ["POST", "/session/rival", { kind: "nobody" }],
    ["PATCH", "/behaviours", { resets: { idle: 0 } }],
    ["PATCH", "/behaviours", { questions: { shape: "triangle" } }],
    ["PATCH", "/behaviours", { coldReads: { accountsFirstStatus: 404 } }],
    ["POST", "/faults", { do: { action: "nothing" } }],
    ["POST", "/orders/fill", { id: 1 }],
    ["POST", "/orders/foreign", { account: PAPER, order: { conid: 1 } }],
  ])("%s %s refuses %j", async (method, path, body) => {
    const answer = await command(method, path, body);
    expect(answer.status).toBe(400);
    expect(answer.fields.error).toEqual(expect.any(String));
  });

  it("changes all of the behaviours asked for, or none", async () => {
    await command("PATCH", "/behaviours", { resets: { idleMs: 5 }, questions: { ttlMs: -1 } });
    expect(bench.control.behaviours().resets.idleMs).toBe(360_000);
  });

  it("is closed to web pages: another Host and a body that is not declared as JSON are refused", async () => {
    expect(
      (await command("POST", "/clock/advance", { ms: 1 }, { "Content-Type": "text/plain" })).status,
    ).toBe(400);
    const status = await new Promise((resolve, reject) => {
      const url = `${bench.simulator.controlUrl}/state`;
      request(url, { headers: { Host: "evil.example" } }, (answer) => resolve(answer.statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(400);
    expect((await command("GET", "/nothing")).status).toBe(404);
  });
});
