import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { readKillSwitch } from "../../trust/limits/kill-switch-file.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { checkGrant, fileLocalRules, usageOf } from "./local-rules.ts";
import { capsPath, killSwitchPath, orderSettingsAtStart } from "./order-settings.ts";
import { reportFaults } from "./report-faults.ts";

const policy = { offer: ["orders.paper" as const], broker_accounts: null };
const paper = { capability: "orders.paper", brokerAccount: "DU1" } as const;
const input = { account_id: "DU1", mode: "paper" } as const;

describe("what the gateway grants a job", () => {
  it("lets an order of the mode and the account pass that this PC offers", () => {
    expect(() => checkGrant(paper, input, policy)).not.toThrow();
    expect(() => checkGrant(paper, input, { ...policy, broker_accounts: ["DU1"] })).not.toThrow();
  });

  it.each([
    ["no grant", undefined, input, policy],
    ["a grant for paper and a live order", paper, { ...input, mode: "live" as const }, policy],
    ["a grant to read", { ...paper, capability: "broker.read" as const }, input, policy],
    ["a mode that this PC does not offer", paper, input, { ...policy, offer: [] }],
    ["another account", { ...paper, brokerAccount: "DU2" }, input, policy],
    ["every account", { ...paper, brokerAccount: null }, input, policy],
    ["an account that is not listed here", paper, input, { ...policy, broker_accounts: ["DU2"] }],
  ])("stops %s", (_name, grant, order, local) => {
    expect(() => checkGrant(grant, order, local)).toThrow();
  });

  it("lets a cancel pass after the mode was switched off, and for no other account", () => {
    const off = { ...policy, offer: [] };
    expect(() => checkGrant(paper, input, off, "cancel")).not.toThrow();
    expect(() => checkGrant({ ...paper, brokerAccount: "DU2" }, input, off, "cancel")).toThrow();
  });
});

describe("what went out", () => {
  it("is counted over the last minute and the last day, whatever came of it", () => {
    const store = openOrderStore(":memory:");
    store.insert(anIntentRecord(0, { sent: true, state: "rejected" }));
    store.insert(anIntentRecord(1));
    const at = (ms: number) => usageOf(store, START_MS + ms, null);
    expect(at(59_999)).toEqual({ ordersToday: 1, ordersLastMinute: 1, dailyPnl: null });
    expect(at(60_000)).toMatchObject({ ordersToday: 1, ordersLastMinute: 0 });
    expect(at(24 * 60 * 60_000)).toMatchObject({ ordersToday: 0 });
  });
});

describe("the files of the owner's word", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ibkr-sidecar-rules-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("hold from the moment they are changed", () => {
    const rules = fileLocalRules(folder);
    expect(rules.killSwitch().engaged).toBe(false);
    rules.engage("by hand", START_MS);
    expect(rules.killSwitch()).toMatchObject({ engaged: true, reason: "by hand" });
    rmSync(killSwitchPath(folder));
    expect(rules.killSwitch().engaged).toBe(false);
  });

  it("that hold no policy any more leave the last good one, and say what to mend", () => {
    const path = join(folder, "policy.json");
    writeFileSync(path, '{"offer":["orders.live"],"broker_accounts":["DU1"]}', { mode: 0o600 });
    const rules = fileLocalRules(folder);
    const told: string[] = [];
    const telling = reportFaults(rules, (message) => told.push(message));
    expect(telling.policy()).toEqual({ offer: ["orders.live"], broker_accounts: ["DU1"] });
    writeFileSync(path, "{", { mode: 0o600 });
    expect(telling.policy()).toEqual({ offer: ["orders.live"], broker_accounts: ["DU1"] });
    expect(telling.policyFault()).toContain(path);
    expect(told).toHaveLength(1);
    // Nothing was ever read: what reduces or cancels needs no policy.
    expect(fileLocalRules(folder).policy().offer).toContain("orders.live");
    writeFileSync(path, '{"offer":[],"broker_accounts":null}', { mode: 0o600 });
    expect(telling.policyFault()).toBeNull();
    expect(telling.policy().offer).toEqual([]);
  });

  it("that were torn while this PC was off leave what they held in the run before", () => {
    const good = { offer: ["orders.paper"], broker_accounts: ["DU1"] };
    const path = join(folder, "policy.json");
    writeFileSync(path, JSON.stringify(good), { mode: 0o600 });
    expect(fileLocalRules(folder).policyFault()).toBeNull();
    writeFileSync(path, '{"offer":[', { mode: 0o600 });
    const started = fileLocalRules(folder);
    expect(started.policy()).toEqual(good);
    const [aside, ...more] = readdirSync(folder).filter((name) => name.includes(".torn-"));
    expect(more).toEqual([]);
    expect(started.policyFault()).toContain(`kept as ${aside}`);
    expect(readFileSync(join(folder, aside ?? ""), "utf8")).toBe('{"offer":[');
    // The copy is no policy: the file stays as it is, and so does the fault.
    expect(readFileSync(path, "utf8")).toBe('{"offer":[');
    writeFileSync(path, JSON.stringify(good), { mode: 0o600 });
    expect(started.policyFault()).toBeNull();
  });

  it("of orders that were torn leave what they held, and hold back entries until this PC is started anew", () => {
    const settings = {
      v: 1,
      futures_operator: { manual_indicator: true, ext_operator: "ME" },
      alerts: { webhook_url: null, ntfy_url: null },
    };
    const path = join(folder, "orders.json");
    writeFileSync(path, JSON.stringify(settings), { mode: 0o600 });
    expect(orderSettingsAtStart(folder)).toEqual({ value: settings, fault: null });
    writeFileSync(path, "{", { mode: 0o600 });
    const { value, fault } = orderSettingsAtStart(folder);
    // Without it no futures order could be written, an exit neither.
    expect(value).toEqual(settings);
    expect(fault).toContain(`${path} is not JSON`);
    expect(fileLocalRules(folder, fault).policyFault()).toBe(fault);
  });

  it("engage the switch where nobody may look whether its file is there", () => {
    // A path through a file: neither there nor provably absent.
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    expect(readKillSwitch(join(file, "kill-switch.json")).engaged).toBe(true);
    expect(readKillSwitch(join(folder, "kill-switch.json")).engaged).toBe(false);
  });

  it("stay engaged by word of mouth where the disk takes no file", () => {
    const rules = fileLocalRules(folder);
    mkdirSync(`${killSwitchPath(folder)}.new`);
    expect(() => rules.engage("full", START_MS)).toThrow();
    expect(rules.killSwitch()).toMatchObject({ engaged: true, reason: "full" });
  });

  it("that are damaged forbid", () => {
    const rules = fileLocalRules(folder);
    writeFileSync(killSwitchPath(folder), "{");
    writeFileSync(capsPath(folder), "{");
    expect(rules.killSwitch().engaged).toBe(true);
    expect(rules.caps().ok).toBe(false);
  });
});
