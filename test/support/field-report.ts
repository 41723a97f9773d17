import type { Bench, ClientAnswer } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { prime } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import { parseGatewayAddress } from "../../sidecar/src/client-portal/address.ts";
import { memoryPins } from "../../sidecar/src/client-portal/certificate-pin.ts";
import { type Clock, systemClock } from "../../sidecar/src/client-portal/clock.ts";
import { API, createWire } from "../../sidecar/src/client-portal/paced-wire.ts";
import { createPacer } from "../../sidecar/src/client-portal/pacing/pacer.ts";
import { memoryPacingStore } from "../../sidecar/src/client-portal/pacing/pacing-store.ts";
import { createTransport } from "../../sidecar/src/client-portal/transport.ts";
import { type Collected, collect } from "../../sidecar/src/field-report/collect.ts";
import { asRecord } from "./openapi.ts";

/** Fast for pauses and the pace; the wire keeps the wall's clock, so that a slow machine fails nothing. */
const TIMES_FASTER = 200;
const startedAt = Date.now();
const fast: Clock = {
  now: () => startedAt + (Date.now() - startedAt) * TIMES_FASTER,
  after: (ms, task) => systemClock.after(ms / TIMES_FASTER, task),
};

/** A field report's questions against a simulator, paced as always, on a fast clock. */
export async function collectFrom(
  url: string,
  letThrough: readonly string[] = [],
): Promise<Collected[]> {
  const heard = new Map<string, string>();
  const transport = createTransport({
    address: parseGatewayAddress(url),
    pins: memoryPins(),
    clock: systemClock,
    onFirstUse: () => {},
  });
  const pacer = createPacer({ clock: fast, store: memoryPacingStore() });
  const wire = createWire({
    transport: {
      ...transport,
      send: async (request) => {
        const answer = await transport.send(request);
        if (answer.status === 200) heard.set(`${request.method} ${request.path}`, answer.text);
        return answer;
      },
    },
    pacer,
    clock: fast,
    onRateLimited: () => {},
  });
  try {
    // What the sidecar's own look at the session asks.
    for (const [method, path] of [
      ["POST", "/iserver/auth/status"],
      ["POST", "/tickle"],
      ["GET", "/sso/validate"],
    ] as const) {
      await wire.call({ method, path, pace: "any", priority: "agent", maxWaitMs: 60_000 });
    }
    return await collect({
      wire,
      clock: fast,
      heard: (method, path) => heard.get(`${method} ${API}${path}`),
      mayAsk: () => true,
      letThrough: new Set(letThrough),
    });
  } finally {
    pacer.close();
    await transport.close();
  }
}

/** An account that has one of everything: a working order, a fill, an alert. */
export async function furnish(bench: Bench): Promise<void> {
  await prime(bench);
  const account = bench.control.world().sso.user?.accountIds[0] ?? "";
  const order = { conid: 756733, side: "BUY", tif: "GTC", quantity: 2 };
  for (const one of [
    { ...order, orderType: "LMT", price: 500, cOID: "field-resting" },
    { ...order, orderType: "MKT", tif: "DAY", cOID: "field-filled" },
  ]) {
    await answerYes(
      bench,
      await bench.post(`/iserver/account/${account}/orders`, { orders: [one] }),
    );
  }
  await bench.post(`/iserver/account/${account}/alert`, {
    orderId: 0,
    alertName: "Field",
    alertMessage: "a price",
    alertRepeatable: 0,
    outsideRth: 0,
    tif: "GTC",
    conditions: [
      {
        conidex: "265598@SMART",
        logicBind: "n",
        operator: ">=",
        triggerMethod: "0",
        type: 1,
        value: "500",
      },
    ],
  });
  await bench.control.advance(5_000);
}

async function answerYes(bench: Bench, first: ClientAnswer): Promise<void> {
  let answer = first;
  for (let left = 10; left > 0; left--) {
    const row: unknown = Array.isArray(answer.json) ? answer.json[0] : answer.json;
    const { id } = asRecord(row);
    if (id === undefined) return;
    answer = await bench.post(`/iserver/reply/${String(id)}`, { confirmed: true });
  }
}
