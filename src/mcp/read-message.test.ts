import { describe, expect, it } from "vitest";
import { auditableName, headersAgree, readMessage } from "./read-message.ts";

const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
const message = (params: Record<string, string | object> = {}, method = "tools/call") =>
  readMessage({ jsonrpc: "2.0", id: 1, method, params: JSON.parse(JSON.stringify(params)) });
const headers = (name?: string, method = "tools/call", version = "2026-07-28") =>
  new Headers({
    "mcp-method": method,
    "mcp-protocol-version": version,
    ...(name === undefined ? {} : { "mcp-name": name }),
  });

describe("reading a message", () => {
  it("finds the target where the method keeps it", () => {
    expect(message({ name: "ibkr_health" }).target).toBe("ibkr_health");
    expect(message({ uri: "ibkr://accounts" }, "resources/read").target).toBe("ibkr://accounts");
    expect(message({ name: "x" }, "tools/list").target).toBeNull();
    expect(message({ name: { toString: "x" } }).target).toBeNull();
    expect(message({ name: "x" }, "constructor").target).toBeNull();
  });

  it("knows the eras apart by the body alone", () => {
    expect(message({ _meta }).modernVersion).toBe("2026-07-28");
    expect(message({}).modernVersion).toBeNull();
  });

  it("reads nothing into what is not a message", () => {
    expect(readMessage({ params: [], method: 7 })).toEqual({
      method: null,
      isRequest: false,
      params: {},
      modernVersion: null,
      target: null,
    });
  });
});

describe("headers of a modern message", () => {
  const reading = message({ name: "ibkr_health", _meta });

  it("agree when all three say what the body says", () => {
    expect(headersAgree(headers("ibkr_health"), reading)).toBe(true);
    expect(headersAgree(headers(`=?base64?${btoa("ibkr_health")}?=`), reading)).toBe(true);
  });

  it.each([
    ["no name", headers()],
    ["another name", headers("ibkr_audit_tail")],
    ["another method", headers("ibkr_health", "tools/list")],
    ["another version", headers("ibkr_health", "tools/call", "2025-11-25")],
    ["no headers", new Headers()],
    ["broken base64", headers("=?base64?!?=")],
    ["bytes that are no text", headers("=?base64?//8=?=")],
  ])("disagree: %s", (_, sent) => {
    expect(headersAgree(sent, reading)).toBe(false);
  });

  it("decide nothing in the 2025 era", () => {
    expect(headersAgree(new Headers(), message({ name: "ibkr_health" }))).toBe(true);
  });
});

describe("names in the audit log", () => {
  it("are names, not whatever a caller wrote", () => {
    expect(auditableName("ibkr_health")).toBe("ibkr_health");
    for (const text of ["", "a".repeat(65), "U1234567 please", "<script>", "ibkr_health\n"]) {
      expect(auditableName(text)).toBe("(not a tool name)");
    }
  });
});
