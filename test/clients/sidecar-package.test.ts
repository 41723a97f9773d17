import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";
import { type Packed, packed, run } from "../support/packed.ts";

const PACKED_MAX_BYTES = 6 * 1024 * 1024;
const INSTALL_MAX_MS = 15_000;

let sidecar: Packed;
let chain: OrderChain | null = null;
beforeAll(async () => {
  sidecar = await packed("sidecar", inject("sidecarCli"));
}, 60_000);
afterAll(async () => {
  await chain?.close();
  await sidecar?.close();
});

describe("the sidecar's package", () => {
  it("needs nothing beside Node: installed, it pairs, reads, and places a paper order", async () => {
    const { bins, env, tarballBytes, installMs } = await sidecar.install({});
    expect(tarballBytes).toBeLessThan(PACKED_MAX_BYTES);
    expect(installMs).toBeLessThan(INSTALL_MAX_MS);
    const bin = join(bins, "ibkr-sidecar");
    expect((await run(bin, ["--version"], { env })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

    chain = await startOrderChain({ cli: await realpath(bin) });
    expect(await chain.agent.call("ibkr_positions_list")).toMatchObject({
      positions: expect.anything(),
    });
    const approval_id = await chain.approved({ limit_price: await chain.belowMarket() });
    const submitted = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id,
      idempotency_key: "packed-sidecar-1",
    });
    expect(submitted).toMatchObject({ refusals: [], order: { state: expect.any(String) } });
    expect(chain.posts()).toBe(1);
  }, 180_000);
});
