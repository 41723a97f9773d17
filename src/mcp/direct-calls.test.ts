import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { describe, expect, it, vi } from "vitest";
import { answers } from "../../test/support/scripted-exchange.ts";
import { DIRECT_ENVELOPE_MAX_CHARS, DIRECT_ENVELOPES_MAX } from "../web/limits.ts";
import { directCalls } from "./direct-calls.ts";

const HEALTH = { gateway: "ok", sidecar: "online", checked_at: "2026-11-20T09:00:00.000Z" };
const ENVELOPE = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };

function call(params: JsonObject = {}, message: JsonObject = {}): JsonObject {
  return {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "ibkr_health", arguments: {}, _meta: ENVELOPE, ...params },
    ...message,
  };
}

function rig() {
  const { exchange } = answers(HEALTH);
  const direct = directCalls();
  const asked = (message: JsonObject) => direct.answer(Object.assign(exchange, { message }));
  return { direct, asked, exchange };
}

describe("the short way", () => {
  it("is open to an envelope that the SDK accepted, and to that one only", async () => {
    const { direct, asked } = rig();
    expect(asked(call())).toBeNull();
    direct.accepted(call());
    const response = await asked(call({}, { id: "seven" }));
    expect(await response?.json()).toMatchObject({
      jsonrpc: "2.0",
      id: "seven",
      result: { structuredContent: HEALTH, resultType: "complete" },
    });
    expect(asked(call({ _meta: { ...ENVELOPE, more: 1 } }))).toBeNull();
  });

  const unusual: [string, JsonObject][] = [
    ["another method", call({}, { method: "tools/list" })],
    ["another JSON-RPC", call({}, { jsonrpc: "1.0" })],
    ["a fractional id", call({}, { id: 1.5 })],
    ["an id of null", call({}, { id: null })],
    ["an unknown member", call({}, { result: {} })],
    ["an unknown parameter", call({ inputResponses: {} })],
    ["a tool that does not exist", call({ name: "ibkr_nothing" })],
    ["a name of the predecessor", call({ name: "ibkr_order_submit" })],
    ["arguments that are no object", call({ arguments: [] })],
    ["no envelope", call({ _meta: null })],
    ["parameters that are no object", call({}, { params: [] })],
  ];
  it.each(unusual)("is not for %s", (_, message) => {
    const { direct, asked } = rig();
    direct.accepted(call());
    direct.accepted(message);
    expect(asked(message)).toBeNull();
  });

  it("is not for a notification", () => {
    const { direct, asked } = rig();
    direct.accepted(call());
    const { id: _none, ...notification } = call();
    expect(asked(notification)).toBeNull();
  });

  it("remembers a bounded number of envelopes, none of them long", () => {
    const { direct, asked } = rig();
    const long = call({ _meta: { ...ENVELOPE, note: "x".repeat(DIRECT_ENVELOPE_MAX_CHARS) } });
    direct.accepted(long);
    expect(asked(long)).toBeNull();
    const numbered = (n: JsonValue) => call({ _meta: { ...ENVELOPE, n } });
    for (let n = 0; n <= DIRECT_ENVELOPES_MAX; n += 1) direct.accepted(numbered(n));
    expect(asked(numbered(0))).toBeNull();
    expect(asked(numbered(DIRECT_ENVELOPES_MAX))).not.toBeNull();
  });

  it("says nothing of an unexpected failure", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { direct, asked, exchange } = rig();
    direct.accepted(call());
    Reflect.set(exchange, "granted", null);
    const response = await asked(call());
    expect(await response?.json()).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32603, message: "Internal error" },
    });
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });
});
