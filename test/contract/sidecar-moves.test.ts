import { cp, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type LocalSidecar, startLocalSidecar } from "../../scripts/lib/local-sidecar.ts";
import { runSidecarProcess } from "../../scripts/lib/sidecar-process.ts";
import { sidecarStatus } from "../../scripts/lib/sidecar-status.ts";
import { isKept, isLeft } from "../../sidecar/src/backup/kept-files.ts";
import { loadPairing, storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";
import { until } from "../support/relay/until.ts";

/**
 * A PC's folder on another machine, with every part real: from a backup, which shuts the first PC out,
 * and copied by hand, which nobody should do. Neither sends anything twice.
 */
const CLI = inject("sidecarCli");
/** Nothing listens there. */
const NOWHERE = "ws://127.0.0.1:9/relay";
const PATIENCE = { timeoutMs: 40_000, everyMs: 100 };

let chain: OrderChain;
let folder: string;
let relayUrl = "";
let running: LocalSidecar | null = null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-sidecar-moves-"));
  chain = await startOrderChain();
  await writeFile(join(folder, "passphrase"), "five words that nobody guesses\n");
  await writeFile(join(folder, "short"), "short\n");
  await writeFile(join(folder, "wrong"), "five other words that are wrong\n");
}, 180_000);
afterAll(async () => {
  await running?.stop();
  await chain?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

const at = (name: string) => join(folder, name);
const onNewPc = (...args: string[]) => runSidecarProcess(CLI, ["--config-dir", at("new"), ...args]);
const lockedWith = (name: string) => ["--passphrase-file", at(name)];
const runOn = async (configDir: string) => {
  running = await startLocalSidecar({
    cli: CLI,
    gateway: { url: chain.gateway.url, ownerToken: chain.gateway.secrets.OWNER_TOKEN },
    configDir,
    clientPortal: chain.sim.url,
    log: () => undefined,
    onFailure: () => undefined,
  });
};
/** Sets where a PC dials; returns where it dialled before. */
function reaches(configDir: string, relay: string): string {
  const pairing = loadPairing(configDir);
  if (pairing === null) throw new Error("it is not paired");
  storePairing(configDir, { ...pairing, relay_url: relay });
  return pairing.relay_url;
}
const submit = (approval_id: string, idempotency_key: string) =>
  chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id,
    idempotency_key,
  });

describe("a folder that was copied by hand", () => {
  it("sends nothing again that the first PC had begun when it died", async () => {
    const approval = await chain.approved({ limit_price: await chain.belowMarket() });
    await Promise.all(
      ["copy", "rest"].map((name) => cp(chain.configDir, at(name), { recursive: true })),
    );

    // The broker takes the order, and the PC dies before it hears so.
    chain.sim.control.addFault({
      match: { path: "/iserver/account/*/orders", method: "POST" },
      do: { action: "delay", ms: 9_000 },
      times: 1,
    });
    const answer = submit(approval, "moved-pc-1");
    await until(() => chain.posts() === 1, "the order has left", PATIENCE);
    const pid = sidecarStatus(chain.configDir).running?.pid;
    if (pid === undefined) throw new Error("no PC runs");
    process.kill(pid, "SIGKILL");
    await chain.stopPc();

    await runOn(at("copy"));
    // Not known, or seen at the broker by then: never "it was not sent".
    expect(["unknown", "reconciling", "accepted", "working"]).toContain((await answer).order.state);
    expect(chain.posts()).toBe(1);
    expect((await submit(approval, "moved-pc-1")).order).toMatchObject({
      order_ref: expect.any(String),
    });
    expect(chain.posts()).toBe(1);
  }, 120_000);
});

describe("a backup", () => {
  it("is made of a PC that rests, under a passphrase that is long enough, and holds all that counts", async () => {
    const made = (from: string, to: string, phrase: string) =>
      runSidecarProcess(CLI, [
        ...["--config-dir", at(from), "backup", at(to), "--passphrase-file", at(phrase)],
      ]);
    const early = await made("copy", "pc.backup", "passphrase");
    expect([early.code, early.output]).toEqual([2, expect.stringContaining("is running here")]);
    const short = await made("rest", "pc.backup", "short");
    expect([short.code, short.output]).toEqual([2, expect.stringContaining("12 characters")]);
    const whole = await made("rest", "pc.backup", "passphrase");
    expect(whole.code, whole.output).toBe(0);
    expect((await stat(at("pc.backup"))).mode & 0o777).toBe(0o600);
    const again = await made("rest", "pc.backup", "passphrase");
    expect([again.code, again.output]).toEqual([2, expect.stringContaining("exists already")]);
    const names = await readdir(chain.configDir);
    expect(names.filter((name) => !isKept(name) && !isLeft(name))).toEqual([]);
    // The same PC, for a network on which the gateway is not reached.
    relayUrl = reaches(at("rest"), NOWHERE);
    expect(await made("rest", "away.backup", "passphrase")).toMatchObject({ code: 0 });
  }, 60_000);

  it("is not laid out under a wrong passphrase, nor over another PC's files", async () => {
    const wrong = await onNewPc("restore", at("pc.backup"), ...lockedWith("wrong"));
    expect([wrong.code, wrong.output]).toEqual([2, expect.stringContaining("passphrase is wrong")]);
    const over = await chain.pc("restore", at("pc.backup"), ...lockedWith("passphrase"));
    expect([over.code, over.output]).toEqual([2, expect.stringContaining("holds a PC's files")]);
  }, 60_000);

  it("runs nowhere while the gateway cannot be told", async () => {
    const away = await onNewPc("restore", at("away.backup"), ...lockedWith("passphrase"));
    expect([away.code, away.output]).toEqual([1, expect.stringContaining("restore --fence")]);
    const run = await onNewPc("run", "--client-portal", chain.sim.url, "--simulated");
    expect([run.code, run.output]).toEqual([2, expect.stringContaining("not shut out yet")]);
  }, 60_000);

  it("shuts the PC of before out, and goes on with that PC's passkeys and limits", async () => {
    reaches(at("new"), relayUrl);
    const stateOf = (name: string) => sidecarStatus(at(name)).running?.relay;
    expect(stateOf("copy")).toMatchObject({ state: "connected" });
    const fenced = await onNewPc("restore", "--fence");
    expect([fenced.code, fenced.output]).toEqual([0, expect.stringContaining("is shut out")]);
    await until(() => stateOf("copy")?.state !== "connected", "the PC of before is off", PATIENCE);
    await running?.stop();

    const approvers = await onNewPc("approvers", "--json");
    expect(approvers.output).toBe((await chain.pc("approvers", "--json")).output);
    await runOn(at("new"));
    expect(await chain.agent.call("ibkr_positions_list")).toMatchObject({
      positions: expect.anything(),
    });
    expect(chain.posts()).toBe(1);
  }, 90_000);

  it("is good once: its key has ended with the first restore", async () => {
    const second = await runSidecarProcess(CLI, [
      ...["--config-dir", at("third"), "restore", at("pc.backup"), ...lockedWith("passphrase")],
    ]);
    expect([second.code, second.output]).toEqual([1, expect.stringContaining("pair --replace")]);
  }, 60_000);
});
