import { describe, expect, it } from "vitest";
import { asks, refusal, shows } from "../../../test/support/tool-input.ts";
import { health } from "./health.ts";

describe("ibkr_health", () => {
  it("takes no arguments", () => {
    expect(asks(health, undefined)).toEqual({});
    expect(asks(health, {})).toEqual({});
    expect(refusal(health, { verbose: true })).toContain('no argument "verbose"');
  });

  it("shows the object's answer and nothing that is not in its form", () => {
    const answer = { gateway: "ok", sidecar: "online", checked_at: "2026-11-20T09:00:00.000Z" };
    expect(shows(health, answer)).toEqual(answer);
    expect(shows(health, { ...answer, device_key: "x" })).toBeNull();
    expect(shows(health, { ...answer, sidecar: "maybe" })).toBeNull();
  });
});
