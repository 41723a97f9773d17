import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { atTerminal, type Terminal } from "../support/terminal.ts";

/** What a command that is copied as it stands still has to know, it asks for at the terminal. */
const CLI = inject("sidecarCli");

describe.runIf(process.platform === "linux")("a command without what it needs", () => {
  let gateway: Gateway;
  let folder: string;
  const open: Terminal[] = [];
  beforeAll(async () => {
    gateway = await startGateway({ rateLimits: { RELAY_LIMIT: 1000, SIGN_IN_LIMIT: 1000 } });
  });
  afterAll(() => gateway?.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ibkr-asked-"));
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  function sidecar(...args: string[]): Terminal {
    const ran = atTerminal([process.execPath, CLI, "--config-dir", folder, ...args]);
    open.push(ran);
    return ran;
  }

  async function confirmed(ran: Terminal): Promise<void> {
    await ran.until("Type this code:");
    const code = /Type this code: +(\S+)/.exec(ran.said())?.[1] ?? "";
    await confirmPairingAsOwner(
      { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
      code,
    );
    await ran.until(`Paired with ${gateway.url}`);
    expect(await ran.ended).toBe(0);
  }

  const gatewayOf = (): unknown =>
    JSON.parse(readFileSync(join(folder, "pairing.json"), "utf8")).gateway_origin;

  it("pair asks for the gateway, and knows it when it is paired anew", async () => {
    const first = sidecar("pair");
    await first.until("Address of your gateway");
    first.type(gateway.url);
    await confirmed(first);
    expect(gatewayOf()).toBe(gateway.url);

    const paired = sidecar("pair");
    expect(await paired.ended).toBe(2);
    expect(paired.said()).toContain("add --replace");

    const again = sidecar("pair", "--replace");
    await confirmed(again);
    expect(again.said()).not.toContain("Address of your gateway");
  }, 60_000);

  it("pair --replace mends a pairing that cannot be read, as doctor says", async () => {
    writeFileSync(join(folder, "pairing.json"), "nonsense", { mode: 0o600 });
    const doctor = sidecar("doctor");
    await doctor.ended;
    expect(doctor.said()).toContain("npm run sidecar -- pair --replace");
    const plain = sidecar("pair", gateway.url);
    expect(await plain.ended).toBe(2);
    expect(plain.said()).toContain("is not JSON");
    const mended = sidecar("pair", "--replace");
    await mended.until("Address of your gateway");
    mended.type(gateway.url);
    await confirmed(mended);
    expect(gatewayOf()).toBe(gateway.url);
  }, 60_000);

  it("policy live on asks which account may trade, and takes no paper account for it", async () => {
    const paper = sidecar("policy", "live", "on");
    await paper.until("Live account that may trade");
    paper.type("DU1234567");
    expect(await paper.ended).toBe(2);
    expect(paper.said()).toContain("--account U1234567");

    const live = sidecar("policy", "live", "on");
    await live.until("Live account that may trade");
    live.type("u7654321");
    await live.until("in U7654321");
    live.type("live");
    await live.until("live orders are on");
    expect(JSON.parse(readFileSync(join(folder, "caps.json"), "utf8")).accounts).toEqual([
      "U7654321",
    ]);
  }, 60_000);
});
