import { describe, expect, it } from "vitest";
import type { BackendStatus } from "../../../durable-objects/account/rpc/account.ts";
import { asks, shows } from "../../../test/support/tool-input.ts";
import { toJson } from "../to-json.ts";
import { backendStatus } from "./backend-status.ts";

describe("ibkr_backend_status", () => {
  it("takes no arguments", () => {
    expect(asks(backendStatus, {})).toEqual({});
  });

  it("shows what the account object calls its backend status", () => {
    const status: BackendStatus = {
      sidecar: {
        state: "offline",
        sidecar_id: "sc_1",
        machine: "study",
        connected_since: null,
        last_seen_at: "2026-11-20T08:59:00.000Z",
      },
      broker: {
        state: "login_required",
        mode: "unknown",
        generation: null,
        observed_at: "2026-11-20T08:58:00.000Z",
        source: "client_portal",
        market_note: null,
      },
      next_step: "Start the sidecar on your PC.",
    };
    expect(shows(backendStatus, toJson(status))).toEqual(status);
  });
});
