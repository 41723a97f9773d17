import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { describe, expect, it } from "vitest";
import { parseGatewayAddress } from "./address.ts";

describe("the Client Portal address", () => {
  it.each([
    ["https://127.0.0.1:5000", "https://127.0.0.1:5000"],
    ["https://localhost:5001/", "https://127.0.0.1:5001"],
    ["https://localhost:5001/v1/api", "https://127.0.0.1:5001"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["https://127.1:5000", "https://127.0.0.1:5000"],
    ["https://[::1]:5000", "https://[::1]:5000"],
    ["https://127.0.0.1", "https://127.0.0.1:443"],
  ])("%s is %s", (typed, origin) => {
    expect(parseGatewayAddress(typed).origin).toBe(origin);
  });

  it.each([
    "https://192.168.1.5:5000",
    "https://example.com:5000",
    "http://10.0.0.1:5000",
    "https://127.0.0.1.example.com:5000",
    "https://user:word@127.0.0.1:5000",
    "https://127.0.0.1:5000/other",
    "https://127.0.0.1:5000/?a=1",
    "ftp://127.0.0.1:5000",
    "https://0.0.0.0:5000",
    "https://[::ffff:10.0.0.1]:5000",
    "127.0.0.1:5000",
    "",
  ])("%j is refused", (typed) => {
    expect(() => parseGatewayAddress(typed)).toThrow(GatewayError);
  });
});
