import { describe, expect, it } from "vitest";
import { readSettings } from "../../env.ts";
import { admitRequest, ownHostnames } from "./admit-request.ts";

const deployed = readSettings({
  PUBLIC_ORIGIN: "https://gateway.example.com",
  ALLOWED_ORIGINS: "https://inspector.example.com",
  ALLOWED_HOSTS: "gateway.example.org",
});
const local = readSettings({ PUBLIC_ORIGIN: "http://localhost:8787" });

const statusOf = (settings: typeof deployed, origin: string | null, method = "POST") =>
  admitRequest(
    new Request("https://gateway.example.com/mcp", {
      method,
      headers: origin === null ? {} : { origin },
    }),
    settings,
  )?.status ?? null;

describe("who may speak to the endpoint", () => {
  it.each([null, "https://gateway.example.com", "https://inspector.example.com"])(
    "a deployed gateway hears %s",
    (origin) => {
      expect(statusOf(deployed, origin)).toBeNull();
    },
  );

  it.each([
    "https://evil.example",
    "null",
    "https://gateway.example.com.evil.example",
    "https://gateway.example.com:444",
    "http://gateway.example.com",
    "HTTPS://GATEWAY.EXAMPLE.COM",
    "https://gateway.example.com/",
    "http://localhost:6274",
  ])("a deployed gateway does not hear %s", (origin) => {
    expect(statusOf(deployed, origin)).toBe(403);
  });

  it("a local one hears local pages, and no others", () => {
    for (const origin of ["http://localhost:6274", "http://127.0.0.1:1", "http://[::1]:3000"]) {
      expect(statusOf(local, origin)).toBeNull();
    }
    for (const origin of ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "x"]) {
      expect(statusOf(local, origin)).toBe(403);
    }
  });

  it("nothing but POST", () => {
    for (const method of ["GET", "DELETE", "PUT"]) expect(statusOf(local, null, method)).toBe(405);
  });

  it("only the host names it was told", () => {
    expect(ownHostnames(deployed)).toEqual(["gateway.example.com", "gateway.example.org"]);
    expect(ownHostnames(local)).toEqual(["localhost", "127.0.0.1", "[::1]"]);
  });
});
