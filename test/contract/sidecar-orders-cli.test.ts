import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { writeRunStatus } from "../../sidecar/src/config/status-file.ts";
import { openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import {
  killSwitchPath,
  orderStorePath,
} from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { approverFingerprint } from "../../sidecar/src/trust/tables/approvers.ts";
import {
  confirmMandate,
  findMandate,
  storeMandate,
} from "../../sidecar/src/trust/tables/mandates.ts";
// fixed date: it is always given its days from now.
import { aMandate } from "../support/orders.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

/** The owner's own commands at the PC, run as they are run there, but for the terminal. */
let configDir: string;
beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), "ibkr-cli-"));
});
afterEach(() => {
  rmSync(configDir, { recursive: true, force: true });
});

function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = [inject("sidecarCli"), "--config-dir", configDir, ...args];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, command, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
    child.stdin?.end();
  });
}

// fixed date: nothing depends on how long ago.
const LONG_AGO = "2026-11-20T00:00:00.000Z";

const pair = (): void =>
  storePairing(configDir, {
    gateway_origin: "https://gateway.example",
    relay_url: "wss://gateway.example/relay/acc_1",
    account_id: "acc_1",
    sidecar_id: "sc_1",
    edge_identity_key: "A".repeat(43),
    capabilities: ["broker.read"],
    paired_at: LONG_AGO,
  });

describe("kill and unkill", { timeout: 60_000 }, () => {
  it("kill needs nothing and nobody; unkill needs somebody at the terminal", async () => {
    const killed = await run("kill", "because", "I", "say", "so");
    expect(killed.code).toBe(0);
    // Nothing runs here, so nothing was stopped, and that is what it says.
    expect(killed.out).toContain("no sidecar runs with this folder");
    expect(killed.out).not.toContain("No order opens");
    expect(existsSync(killSwitchPath(configDir))).toBe(true);
    expect((await run("policy")).out).toContain("ENGAGED");
    const alone = await run("unkill");
    expect(alone).toMatchObject({ code: 2 });
    expect(existsSync(killSwitchPath(configDir))).toBe(true);
    expect((await run("unkill", "--yes")).code).toBe(0);
    expect(existsSync(killSwitchPath(configDir))).toBe(false);
  });

  it("claims nothing of a process that is there and does not answer", async () => {
    writeRunStatus(configDir, {
      pid: process.pid,
      version: "0.1.0",
      started_at: LONG_AGO,
      written_at: new Date().toISOString(),
      relay: {
        state: "connected",
        gateway: "https://gateway.example",
        since: LONG_AGO,
        epoch: 1,
        capabilities: [],
        unacknowledged_events: 0,
        trouble: null,
      },
      broker: null,
      kill_switch: { engaged: true, read_at: LONG_AGO },
    });
    const killed = await run("kill");
    expect(killed.code).toBe(1);
    expect(killed.out).toContain("Orders may still go out");
    expect(killed.out).not.toContain("No order opens");
  });
});

describe("policy", { timeout: 60_000 }, () => {
  it("starts with paper within small bounds and live off; live needs an account and a human", async () => {
    const before = JSON.parse((await run("policy", "--json")).out);
    expect(before.policy.offer).not.toContain("orders.live");
    expect(before.caps.live.enabled).toBe(false);
    expect((await run("policy", "live", "on", "--yes")).code).toBe(2);
    expect((await run("policy", "live", "on", "--account", "U1234567")).code).toBe(2);
    const on = await run("policy", "live", "on", "--account", "U1234567", "--yes");
    expect(on.code).toBe(0);
    const after = JSON.parse((await run("policy", "--json")).out);
    expect(after.policy.offer).toContain("orders.live");
    expect(after.caps).toMatchObject({ accounts: ["U1234567"], live: { enabled: true } });
    await run("policy", "live", "off");
    const off = JSON.parse((await run("policy", "--json")).out);
    expect(off.policy.offer).not.toContain("orders.live");
    expect(statSync(join(configDir, "caps.json")).mode & 0o077).toBe(0);
  });

  it("takes no cap that is no number", async () => {
    expect((await run("policy", "set", "paper", "max_notional", "2500")).code).toBe(0);
    for (const value of ["-1", "1e9", "lots", "NaN"]) {
      expect((await run("policy", "set", "paper", "max_notional", value)).code).toBe(2);
    }
    expect((await run("policy", "set", "paper", "enabled", "true")).code).toBe(2);
    const { caps } = JSON.parse((await run("policy", "--json")).out);
    expect(caps.paper.max_notional).toBe("2500");
  });
});

describe("approvers", { timeout: 60_000 }, () => {
  it("are added with the words of the key itself, listed, and removed for good", async () => {
    pair();
    // One id in sixty-four begins with a dash.
    const phone = { ...softwareAuthenticator(), credentialId: `-${"a".repeat(21)}` };
    const words = approverFingerprint(phone.publicKey);
    const key = Buffer.from(phone.publicKey).toString("base64url");
    const add = (given: string) =>
      run(
        "approvers",
        "add",
        "--credential",
        phone.credentialId,
        "--public-key",
        key,
        "--label",
        "phone",
        ...(given === "" ? [] : ["--accept-approver", given]),
      );
    expect((await add("")).code).toBe(2);
    expect((await add("one two three four five six")).code).toBe(2);
    expect((await run("approvers", "--json")).out).toBe("");
    expect(words.split(" ")).toHaveLength(6);
    expect((await add(words.replaceAll(" ", "-").toUpperCase())).code).toBe(0);
    const listed = JSON.parse((await run("approvers", "--json")).out);
    expect(listed).toMatchObject({ label: "phone", words, enrolled_by: "terminal" });
    expect((await run("approvers", "remove")).code).toBe(2);
    expect((await run("approvers", "remove", phone.credentialId)).code).toBe(2);
    expect((await run("approvers", "remove", "--credential", phone.credentialId)).code).toBe(0);
    expect((await run("approvers", "--json")).out).toBe("");
    expect((await add(words)).code).toBe(2);
  });
});

/** The command line reads the wall's clock, so its mandates are dated from this moment. */
function fromNow(begins: number, ends: number) {
  const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  return { not_before: at(begins), not_after: at(ends) };
}

describe("mandates", { timeout: 60_000 }, () => {
  it("are listed with the number that waits, and ended for good", async () => {
    pair();
    const mandate = aMandate(fromNow(-1, 23));
    const hash = mandateHash(mandate);
    const store = openOrderStore(
      orderStorePath(configDir, {
        gateway_origin: "https://gateway.example",
        account_id: "acc_1",
        sidecar_id: "sc_1",
      }),
    );
    storeMandate(store.db, { hash, mandate, credentialId: "c".repeat(22), number: 47 }, 1);
    const shown = (await run("mandates")).out;
    expect(shown).toContain("waiting, its number for the mandate's page: 47");
    expect(shown).toContain("at most 200 in the account's base currency");
    expect(JSON.parse((await run("mandates", "list", "--json")).out)).toMatchObject({
      mandate_id: "m1",
      state: "waiting",
      number: 47,
    });
    expect(confirmMandate(store.db, hash, 47, 2)).toBe(true);
    expect((await run("mandates", "revoke", "m1")).code).toBe(0);
    expect((await run("mandates", "revoke", "m1")).code).toBe(2);
    expect(findMandate(store.db, hash)?.state).toBe("revoked");
    expect((await run("mandates", "unlock")).code).toBe(2);
    expect((await run("mandates", "unlock", "--yes")).code).toBe(0);
    store.close();
  });

  it("say of one whose time is up that it is over, and of its number nothing", async () => {
    pair();
    const mandate = aMandate(fromNow(-48, -24));
    const store = openOrderStore(
      orderStorePath(configDir, {
        gateway_origin: "https://gateway.example",
        account_id: "acc_1",
        sidecar_id: "sc_1",
      }),
    );
    const hash = mandateHash(mandate);
    storeMandate(store.db, { hash, mandate, credentialId: "c".repeat(22), number: 47 }, 1);
    store.close();
    const shown = (await run("mandates")).out;
    expect(shown).toContain("m1: over");
    // The day of the mandate may have the same figures.
    expect(shown).not.toMatch(/number for|: 47\b/);
  });
});
