import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aLeg, anOrder } from "../../../test/support/orders.ts";
import { json, type PcOrders, pcOrders } from "../../../test/support/pc-orders.ts";
import { diskReserve, roomIn } from "../config/disk-reserve.ts";
import type { Pairing } from "../config/pairing-file.ts";
import { openAccountJournal } from "../journal/account-journal.ts";
import { orderOperations } from "./order-operations.ts";
import type { SubmitInput } from "./submit/submit-context.ts";

// fixed dates: the PC's clock is turned by hand and the journal's stands; only the disk is the machine's.

/**
 * A disk of a few megabytes that is really full: a tmpfs of its own. Where none can be mounted (it
 * takes root on Linux), these tests are skipped and say so.
 */
const folder = mkdtempSync(join(tmpdir(), "ibkr-full-disk-"));
const mounted = (() => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", folder], {
      stdio: "ignore",
    });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  }
})();
if (!mounted) process.stderr.write("full-disk.test.ts is skipped: no tmpfs can be mounted here\n");

const PAIRING: Pairing = {
  gateway_origin: "https://gateway.example",
  relay_url: "wss://gateway.example/relay",
  account_id: "acc_7d3f",
  sidecar_id: "sc_1b2c",
  edge_identity_key: "A".repeat(43),
  capabilities: [],
  paired_at: "2026-11-20T15:00:00Z",
};
const filler = join(folder, "filler");

/** Writes until nothing more can be written, to the last page. */
function fill(): void {
  const file = openSync(filler, "a");
  let chunk = 64 * 1024;
  while (chunk >= 1) {
    try {
      writeSync(file, Buffer.alloc(chunk, 7));
    } catch {
      chunk = Math.floor(chunk / 4);
    }
  }
  fsyncSync(file);
  closeSync(file);
}

const exit = anOrder({ legs: [aLeg({ side: "SELL" })] });
const held = [
  {
    conid: 265598,
    position: 5,
    marketPrice: 187.25,
    marketValue: 936.25,
    currency: "USD",
    secType: "STK",
  },
];

describe.skipIf(!mounted)("a disk that is full", () => {
  let given = 0;
  let pc: PcOrders;
  beforeEach(() => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", folder]);
    given = 0;
  });
  afterEach(() => {
    pc.store.close();
    execFileSync("umount", [folder]);
  });

  function start(withReserve: boolean) {
    const reserve = diskReserve(folder, () => {
      given += 1;
    });
    if (withReserve) expect(reserve.keep()).toBe(true);
    pc = pcOrders({
      path: join(folder, "orders.sqlite"),
      disk: { disk: () => roomIn(folder), ...(withReserve ? { reserve } : {}) },
    });
    pc.broker.answers["portfolio2.positions"] = held;
    return reserve;
  }
  const place = (input: SubmitInput, service: "exit" | "entry") => {
    const request = pc.request({ service: { class: service }, input, jobId: input.coid });
    const handler = orderOperations(pc.options, pc.side, pc.submit)["order.place"];
    if (handler === undefined) throw new Error("orders are not served");
    return pc.finish(handler(request).execute(pc.context(), input));
  };

  it("still lets an exit be written down and sent: the kept room is given up for it, once", async () => {
    start(true);
    const first = pc.approved(exit, 1);
    const second = pc.approved(exit, 2);
    fill();
    for (const [input, id] of [
      [first, "11"],
      [second, "12"],
    ] as const) {
      pc.broker.replies.push(
        json([{ order_id: id, local_order_id: input.coid, order_status: "Submitted" }]),
      );
      expect(await place(input, "exit")).toMatchObject({ state: "accepted" });
      expect(pc.store.intent(input.coid)).toMatchObject({ sent: true });
    }
    expect(pc.broker.sent).toHaveLength(2);
    expect(given).toBe(1);
  });

  it("would have held it back without that room", async () => {
    start(false);
    const input = pc.approved(exit);
    fill();
    await expect(place(input, "exit")).rejects.toThrow(/full/);
    expect(pc.broker.sent).toEqual([]);
  });

  it("gives the room up for no entry", async () => {
    start(true);
    const input = pc.approved();
    fill();
    const refused = await place(input, "entry").catch((thrown: unknown) => thrown);
    expect(JSON.stringify(refused)).toMatch(/room_on_disk|full/);
    expect(pc.broker.sent).toEqual([]);
    expect(given).toBe(0);
  });

  it("still takes an exit's job into the relay's journal, and no entry's", () => {
    const reserve = start(true);
    const journal = openAccountJournal(folder, PAIRING, () => 0, reserve, {});
    const accepted = (job_id: string, service: "exit" | "entry") =>
      journal.commit([
        {
          kind: "accepted",
          digest: "d",
          submit: {
            job_id,
            operation: "order.place",
            // More than the pages that are free inside the file.
            input: { filler: "x".repeat(200_000) },
            input_sha256: "0".repeat(64),
            deadline_ms: 20_000,
            grant: {
              capability: "orders.paper",
              scope: "s",
              expires_at: "2026-11-20T16:00:00.000Z",
            },
            service: { class: service },
          },
        },
      ]);
    fill();
    expect(() => accepted("1", "entry")).toThrow();
    expect(given).toBe(0);
    accepted("2", "exit");
    expect(given).toBe(1);
    expect([...journal.load().jobs.keys()]).toEqual(["2"]);
    journal.close();
  });

  it("takes the room again once there is plenty", () => {
    const reserve = start(true);
    fill();
    reserve.giveUpWhenFull();
    expect(existsSync(join(folder, "disk-reserve.bin"))).toBe(false);
    expect(reserve.keep()).toBe(false);
    rmSync(filler);
    expect(reserve.keep()).toBe(true);
    expect(statSync(join(folder, "disk-reserve.bin")).size).toBe(4 * 1024 * 1024);
    reserve.giveUpWhenFull();
    expect(given).toBe(1);
  });
});
