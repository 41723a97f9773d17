import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { describe, expect, it } from "vitest";
import {
  TransportError,
  type WireAnswer,
  type WireRequest,
} from "../../client-portal/transport.ts";
import { createSendOrder } from "./send-to-broker.ts";

function rig(answer: (request: WireRequest) => Promise<WireAnswer>, full = false) {
  const calls: string[] = [];
  const requests: WireRequest[] = [];
  const send = createSendOrder({
    transport: {
      send: (request) => {
        requests.push(request);
        return answer(request);
      },
    },
    pacer: {
      acquire: () =>
        full
          ? Promise.reject(new GatewayError(failure("RATE_LIMITED", "The queue is full.")))
          : Promise.resolve(() => calls.push("released")),
      penalize: () => calls.push("penalized"),
    },
    onRateLimited: () => calls.push("rate limited"),
    onUnauthorized: () => calls.push("unauthorized"),
  });
  const order = {
    method: "POST" as const,
    path: "/iserver/account/DU1/orders",
    body: { orders: [] },
    priority: "entry" as const,
    maxWaitMs: 5_000,
    lastLook: () => calls.push("last look"),
  };
  return { calls, requests, post: () => send(order) };
}

const answers = (status: number) => (request: WireRequest) => {
  request.beforeSend?.();
  return Promise.resolve({ status, contentType: "application/json", text: "[]" });
};

describe("an order on its way out", () => {
  it("goes once, on a connection of its own, after its last look", async () => {
    const { post, requests, calls } = rig(answers(200));
    expect(await post()).toEqual({ kind: "answer", status: 200, body: "[]" });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ fresh: true, method: "POST" });
    expect(calls).toEqual(["last look", "released"]);
  });

  it.each([
    [429, ["last look", "penalized", "rate limited", "released"]],
    [401, ["last look", "unauthorized", "released"]],
    [503, ["last look", "released"]],
  ])("is not sent again after a %d", async (status, expected) => {
    const { post, requests, calls } = rig(answers(status));
    expect(await post()).toMatchObject({ kind: "answer", status });
    expect(requests).toHaveLength(1);
    expect(calls).toEqual(expected);
  });

  it.each([true, false])("says whether anything may have left: %s", async (maybeSent) => {
    const { post, calls } = rig(() => Promise.reject(new TransportError("reset", maybeSent)));
    expect(await post()).toEqual({ kind: "no_answer", sent: maybeSent, cause: "reset" });
    expect(calls).toEqual(["released"]);
  });

  it("has not left when the pace had no room for it", async () => {
    const { post, requests } = rig(answers(200), true);
    expect(await post()).toMatchObject({ kind: "no_answer", sent: false });
    expect(requests).toEqual([]);
  });

  it("gives its room back when the last look forbids it, and says why", async () => {
    const { post, calls } = rig(() => Promise.reject(new Error("held back")));
    await expect(post()).rejects.toThrow("held back");
    expect(calls).toEqual(["released"]);
  });
});
