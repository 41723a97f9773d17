import { describe, expect, it } from "vitest";
import { mcpAddress } from "./gateway-address.ts";

describe("a gateway's address", () => {
  it.each([
    ["https://gateway.example", "https://gateway.example/mcp"],
    ["https://gateway.example/mcp", "https://gateway.example/mcp"],
    ["http://localhost:8787", "http://localhost:8787/mcp"],
    ["http://127.0.0.1:1/", "http://127.0.0.1:1/mcp"],
  ])("%s is %s", (typed, address) => {
    expect(mcpAddress(typed)).toBe(address);
  });

  it.each([
    "gateway.example",
    "ftp://gateway.example",
    "http://gateway.example",
    "http://127.0.0.1.example",
    "https://user:secret@gateway.example",
  ])("%s is refused", (typed) => {
    expect(() => mcpAddress(typed)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });
});
