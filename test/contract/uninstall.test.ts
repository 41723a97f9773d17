import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type LocalSidecar, startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { runSidecarProcess } from "../../scripts/lib/sidecar-process.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/** A PC that its owner removes: what it gives up at a real gateway, what goes and what stays. */
let gateway: Gateway;
let sim: RunningSimulator;
let sidecar: LocalSidecar | null = null;
let folder: string;
let configDir: string;
let accountId: string;
const CLI = inject("sidecarCli");
const pc = (...args: string[]) => runSidecarProcess(CLI, ["--config-dir", configDir, ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "uninstall-"));
  configDir = join(folder, "pc");
  [sim, gateway] = await Promise.all([
    startSimulator({ clock: "real", marketHours: "always" }),
    startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000, RELAY_LIMIT: 1000 } }),
  ]);
  accountId = accountOf(await ownerOf(gateway));
  sidecar = await startLocalSidecar({
    cli: CLI,
    gateway: { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
    configDir,
    clientPortal: sim.url,
    log: () => undefined,
    onFailure: () => undefined,
  });
}, 120_000);
afterAll(async () => {
  await sidecar?.stop();
  await gateway?.close();
  await sim?.close();
  await rm(folder, { recursive: true, force: true });
});

const states = () =>
  gateway.sql<{ state: string }>("Account", accountId, "SELECT state FROM sidecars");

describe("uninstall", () => {
  it("does nothing while the sidecar runs, or without a yes", async () => {
    const running = await pc("uninstall", "--yes");
    expect([running.code, running.output]).toEqual([2, expect.stringContaining("is running")]);
    await sidecar?.stop();
    sidecar = null;
    expect((await pc("uninstall")).code).toBe(2);
    expect(await states()).toEqual([{ state: "active" }]);
    expect(existsSync(join(configDir, "pairing.json"))).toBe(true);
  }, 60_000);

  it("gives the pairing up at the gateway, removes keys and settings, and keeps the PC's own records", async () => {
    const done = await pc("uninstall", "--yes");
    expect([done.code, done.output]).toEqual([0, expect.stringContaining("has revoked this PC")]);
    expect(done.output).toContain("orders and positions at the broker");
    expect(await states()).toEqual([{ state: "revoked" }]);
    const left = readdirSync(configDir);
    expect(left.some((name) => name.startsWith("orders-"))).toBe(true);
    expect(left.filter((name) => !/\.sqlite(-wal|-shm|-journal)?$/.test(name))).toEqual([]);
    const [event] = await gateway.sql<{ event: string }>(
      "Account",
      accountId,
      "SELECT event FROM audit_log WHERE event ->> '$.type' = 'sidecar.pairing_undone'",
    );
    expect(JSON.parse(event?.event ?? "{}").who.kind).toBe("sidecar");
  }, 60_000);

  it("removes the records as well when it is told to, and then finds nothing", async () => {
    expect((await pc("uninstall", "--yes", "--records")).code).toBe(0);
    expect(existsSync(configDir)).toBe(false);
    const again = await pc("uninstall", "--yes");
    expect([again.code, again.output]).toEqual([0, expect.stringContaining("nothing to remove")]);
  }, 60_000);
});
