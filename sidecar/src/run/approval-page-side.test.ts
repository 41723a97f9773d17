import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noLog } from "../../../test/support/intent-record.ts";
import { type PcOrders, pcOrders } from "../../../test/support/pc-orders.ts";
import type { Pairing } from "../config/pairing-file.ts";
import { createOrderSide } from "../orders/order-side.ts";
import { UNASKED } from "../trust/tables/approvers.ts";
import { openApprovalPageSide } from "./approval-page-side.ts";

let pc: PcOrders;
let folder: string;
const close: (() => void)[] = [];
beforeEach(() => {
  pc = pcOrders({ source: "client_portal" });
  folder = mkdtempSync(join(tmpdir(), "own-page-"));
});
afterEach(() => {
  for (const end of close.splice(0)) end();
  rmSync(folder, { recursive: true });
});

const pairing: Pairing = {
  gateway_origin: "https://gateway.example",
  relay_url: "wss://gateway.example/relay",
  account_id: "acc_7d3f",
  sidecar_id: "sc_1b2c",
  edge_identity_key: "A".repeat(43),
  capabilities: [],
  paired_at: "2026-11-20T15:00:00.000Z",
};

/** The sidecar starts; what it said at the terminal. */
function started(simulator: boolean): string {
  const before = pc.shown.length;
  const side = openApprovalPageSide(folder, pairing, pc.store.db);
  const { pageService } = createOrderSide(pc.options, pc.side);
  side.start({ pageService, clock: pc.clock, logger: noLog, reach: pc.options.reach, simulator });
  close.push(() => side.close());
  return pc.shown.slice(before).join("\n");
}

describe("the first start of a version that keeps the gateway's passkeys on probation", () => {
  it("says once what changed, for which passkey, and the command that ends it", () => {
    const said = started(false);
    expect(said).toContain('Changed for "phone"');
    expect(said).toContain("four-digit number");
    expect(said).toContain("npm run sidecar -- approvers enrol");
    expect(started(false)).toBe("");
  });

  it("says nothing at the simulator, and nothing of keys that are good there alone", () => {
    expect(started(true)).toBe("");
    pc.store.db.prepare("UPDATE approvers SET enrolled_by = ?").run(UNASKED);
    expect(started(false)).toBe("");
  });

  it("keeps the key that signs what waits, in a file of its own", () => {
    const keyOf = () => {
      const side = openApprovalPageSide(folder, pairing, pc.store.db);
      return Buffer.from(side.ticketKey.publicKey).toString("hex");
    };
    expect(keyOf()).toBe(keyOf());
  });
});
