import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Browser } from "../../scripts/lib/browser.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { loadPairing } from "../../sidecar/src/config/pairing-file.ts";
import { connectV2 } from "../support/mcp-clients.ts";
import { type RunningCommand, runScript } from "../support/processes.ts";

/**
 * `npm start -- --client-portal <url>`: the whole product on one machine, with a Client Portal
 * Gateway in the simulator's place that somebody else started. Here that is the simulator behind its
 * own TLS port, which nothing on our side is told; nobody has logged in there yet.
 */
let folder: string;
let portal: RunningSimulator;
let env: Record<string, string>;
let started: RunningCommand | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-local-mode-"));
  env = { DATA_DIR: join(folder, "data"), PORT: "0" };
  portal = await startSimulator({ clock: "real", marketHours: "always", loggedIn: false });
});
afterAll(async () => {
  await stop();
  await portal.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const start = () => {
  started = runScript("start", ["--client-portal", portal.url], env);
  return started;
};
async function stop(): Promise<void> {
  started?.child.kill("SIGTERM");
  await started?.exited;
  started = null;
}
const value = (line: string) => line.slice(line.indexOf(": ") + 2);

describe("npm start with the owner's own broker", () => {
  it("says at first what differs, and starts without a login, which it asks for", async () => {
    const run = start();
    await run.line(/^Local mode: .*your own broker/);
    await run.line(/^Owner sign-in token: /);
    expect(run.stdout.join("\n")).toContain(join(folder, "data"));
    await run.line(/^Broker session: .*[Ll]og in/);
    const pairing = loadPairing(join(folder, "data", "sidecar"));
    expect(pairing?.capabilities).toEqual(expect.arrayContaining(["broker.read", "orders.paper"]));
    expect(pairing).not.toHaveProperty("simulated");
    expect(run.stderr).toEqual([]);
    await stop();
  });

  it("reads the account after the login, and with live switched on at the PC it has live too", async () => {
    portal.control.logIn(true);
    const account = portal.control.world().users.live.accountIds[0] ?? "";
    const pc = join(folder, "data", "sidecar");
    const on = runScript("sidecar", [
      ...["--config-dir", pc, "policy", "live", "on", "--account", account, "--yes"],
    ]);
    expect(await on.exited, on.stderr.join("\n")).toBe(0);
    expect(loadPairing(pc)?.capabilities).not.toContain("orders.live");

    const run = start();
    const token = value(await run.line(/^Owner sign-in token: /));
    const url = value(await run.line(/^Console: /)).replace(/\/$/, "");
    expect(loadPairing(pc)?.capabilities).toContain("orders.live");
    expect(run.stdout.join("\n")).not.toContain("Local mode:");
    await run.line(/^Broker session: ready/);
    const browser = new Browser(url);
    await signIn(browser, token);
    const client = await connectV2(browser, "ibkr:accounts:read", "2026-07-28");
    const { structuredContent } = await client.callTool({ name: "ibkr_accounts_list" });
    expect(structuredContent).toMatchObject({
      accounts: [{ account_id: expect.stringMatching(/^DU/) }],
    });
    await client.close();
    expect(existsSync(join(folder, "data", "simulated-book.json"))).toBe(false);
    await stop();
  });

  it("starts also where nothing can be known of the broker session yet", async () => {
    const broken = createServer((_request, response) => response.writeHead(502).end());
    await new Promise<void>((resolve) => broken.listen(0, "127.0.0.1", resolve));
    const address = broken.address();
    const port = typeof address === "object" ? address?.port : null;
    started = runScript("start", ["--client-portal", `http://127.0.0.1:${port}`], env);
    await started.line(/^Console: /);
    expect(started.stderr).toEqual([]);
    await stop();
    broken.closeAllConnections();
    await new Promise((resolve) => broken.close(resolve));
  });

  it("keeps its data from the demo, and the demo's from itself", async () => {
    const demo = runScript("start", [], { ...env, SIMULATOR_PORT: "0" });
    expect(await demo.exited).toBe(1);
    expect(demo.stderr).toEqual([expect.stringContaining("belong to your own broker")]);
    const pairing = await readFile(join(folder, "data", "sidecar", "pairing.json"), "utf8");
    expect(JSON.parse(pairing)).not.toHaveProperty("simulated");
  });

  it.each([
    ["https://192.168.1.4:5000", "must be on this machine"],
    ["127.0.0.1:5000", "--client-portal"],
  ])("refuses %s in one line", async (address, why) => {
    const run = runScript("start", ["--client-portal", address], {
      ...env,
      DATA_DIR: join(folder, "none"),
    });
    expect(await run.exited).toBe(1);
    expect(run.stderr).toEqual([expect.stringContaining(why)]);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});
