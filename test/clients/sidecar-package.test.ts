import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";

const run = promisify(execFile);
const PACKED_MAX_BYTES = 6 * 1024 * 1024;
const INSTALL_MAX_MS = 15_000;

/** The sidecar as it is packed, installed from its tarball in an empty folder, with no network. */
let folder: string;
let chain: OrderChain | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-sidecar-package-"));
  const packed = join(folder, "package");
  await cp(dirname(inject("sidecarCli")), join(packed, "dist"), { recursive: true });
  const manifest = JSON.parse(await readFile(fromRoot("sidecar/package.json"), "utf8"));
  await writeFile(join(packed, "package.json"), JSON.stringify({ ...manifest, scripts: {} }));
}, 60_000);
afterAll(async () => {
  await chain?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

describe("the sidecar's package", () => {
  it("needs nothing beside Node: installed, it pairs, reads, and places a paper order", async () => {
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      npm_config_cache: join(folder, "cache"),
      npm_config_offline: "true",
    };
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: join(folder, "package"),
      env,
    });
    const [{ filename, size }] = JSON.parse(stdout);
    expect(size).toBeLessThan(PACKED_MAX_BYTES);

    const home = join(folder, "home");
    await mkdir(home);
    await writeFile(join(home, "package.json"), '{"private":true}');
    const began = performance.now();
    await run("npm", ["install", "--no-audit", "--no-fund", join(folder, filename)], {
      cwd: home,
      env,
    });
    expect(performance.now() - began).toBeLessThan(INSTALL_MAX_MS);
    const bin = join(home, "node_modules/.bin/ibkr-sidecar");
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
