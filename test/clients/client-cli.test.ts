import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  aCheckpoint,
  aLogSigner,
  anExport,
  aPolicy,
  aWitness,
  someLog,
} from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { GRAMMAR } from "../../client/src/cli/grammar.ts";
import { TOOLS } from "../../client/src/tool-list/tools.generated.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { connect } from "../../scripts/lib/oauth-client.ts";
import { programEnv } from "./program.ts";
import { type Rig, startRig } from "./rig.ts";

/** The packed command line against the real Worker, down to the simulated broker. */
let rig: Rig;
let home: string;
let token: string;
beforeAll(async () => {
  rig = await startRig();
  home = await rig.home();
  ({
    tokens: { access_token: token },
  } = await connect(rig.owner, { scope: READ_SCOPES.join(" ") }));
}, 60_000);
afterAll(() => rig?.close(), 30_000);

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

function ibkr(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [inject("clientCli"), ...args], {
      env: {
        ...programEnv(home, rig.person),
        IBKR_GATEWAY: rig.gateway.url,
        IBKR_TOKEN: token,
        ...env,
      },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk;
    });
    child.stdin.end();
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const split = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? "",
  );

/** Reads whose example names an order or an option that nobody has. */
const OF_NOTHING = new Set([
  "ibkr_order_status",
  "ibkr_order_question_status",
  "ibkr_order_evidence",
  "ibkr_option_greeks",
  "ibkr_approval_status",
]);
const reads = TOOLS.filter(
  ({ name, annotations, scope }) =>
    annotations.readOnlyHint && scope !== "ibkr:orders:preview" && !OF_NOTHING.has(name),
).map(({ name }) => GRAMMAR[name]?.example ?? "");

describe("an example of the help", () => {
  it.each(reads)("%s answers", async (example) => {
    const { code, out, err } = await ibkr([...split(example), "--json"]);
    expect(code, err).toBe(0);
    const [line = ""] = out.split("\n");
    expect(JSON.parse(line)).toEqual(expect.any(Object));
  });
});

describe("what is printed", () => {
  it("is a table for people, without colour where nobody sees it", async () => {
    const { out, code } = await ibkr(["positions", "list", "--limit", "2"]);
    expect(code).toBe(0);
    expect(out).toMatch(/account id: DU\d+/);
    expect(out).toMatch(/conid +symbol/);
    expect(out).toContain("Simulated broker, not real money.");
    expect(out).not.toContain("\u001b[");
  });

  it("is every page with --all", async () => {
    const one = await ibkr(["positions", "list", "--limit", "1", "--json"]);
    const all = await ibkr(["positions", "list", "--limit", "1", "--all", "--json"]);
    expect(one.out.trim().split("\n")).toHaveLength(1);
    expect(all.out.trim().split("\n").length).toBeGreaterThan(1);
  });

  it("is asked for again with --watch until it is ended", async () => {
    const child = spawn(
      process.execPath,
      [inject("clientCli"), "health", "--watch", "1", "--json"],
      {
        env: { ...programEnv(home, rig.person), IBKR_GATEWAY: rig.gateway.url, IBKR_TOKEN: token },
      },
    );
    let lines = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        lines += String(chunk).split("\n").length - 1;
        if (lines >= 2) resolve();
      });
    });
    child.kill("SIGINT");
    await new Promise((resolve) => child.on("close", resolve));
  });
});

describe("a command ends", () => {
  it.each([
    [["positions", "lst"], 2, /Did you mean list/],
    [["market", "snapshot"], 2, /--contract-id is missing.*market snapshot --contract-id/],
    [["positions", "list", "--limit", "many"], 2, /whole number/],
    [["contracts", "search", ""], 2, /query/],
    [["orders", "status", "--broker-order-id", "999999999"], 1, /error: /],
    [["orders", "approve", "ap_1"], 4, /cannot approve[\s\S]*What to do: .*\/approvals/],
    [["kill-switch", "engage", "--reason", "a test"], 4, /What to do: /],
  ])("%j with %i", async (args, code, says) => {
    const ended = await ibkr(args);
    expect([ended.code, ended.out], ended.err).toEqual([code, ""]);
    expect(ended.err).toMatch(says);
  });

  it("with 4 where nobody signed in, and with 6 where the gateway is away", async () => {
    const nobody = await ibkr(["health"], { IBKR_TOKEN: "" });
    expect([nobody.code, nobody.err]).toEqual([4, expect.stringContaining("not signed in")]);
    const away = await ibkr(["health"], { IBKR_GATEWAY: "http://127.0.0.1:9" });
    expect([away.code, away.err]).toEqual([6, expect.stringContaining("could not be reached")]);
    const unnamed = await ibkr(["health"], { IBKR_GATEWAY: "" });
    expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining("login")]);
  });

  it("with its failure as JSON for who asked for JSON", async () => {
    const { code, err } = await ibkr(["contracts", "search", "", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(err)).toMatchObject({ code: "INPUT_INVALID", retryable: false });
  });

  it("without a fault where its reader goes away", async () => {
    const child = spawn(
      "sh",
      [
        "-c",
        `"$0" "$1" positions list --all --limit 1 | head -1`,
        process.execPath,
        inject("clientCli"),
      ],
      {
        env: { ...programEnv(home, rig.person), IBKR_GATEWAY: rig.gateway.url, IBKR_TOKEN: token },
      },
    );
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk;
    });
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    expect(err).not.toMatch(/EPIPE|at /);
  });
});

describe("an export of the log", () => {
  it("is verified without a gateway, and found out where it was changed", async () => {
    const folder = join(await rig.home(), "export");
    const policy = await writeLog(folder, false);
    const good = await ibkr(["audit", "verify", folder, "--policy", policy], { IBKR_GATEWAY: "" });
    expect([good.code, good.out], good.err).toEqual([0, expect.stringContaining("Verified")]);
    const unjudged = await ibkr(["audit", "verify", folder]);
    expect(unjudged.code).toBe(1);
    const changed = join(await rig.home(), "changed");
    await writeLog(changed, true);
    const bad = await ibkr(["audit", "verify", changed, "--policy", policy, "--json"]);
    expect(bad.code).toBe(2);
    expect(JSON.parse(bad.out).outcome).toBe("broken");
    expect(JSON.parse(bad.out).first).toMatchObject({ code: "LEAF_HASH_DIFFERS", seq: 1 });
  });

  it("is written part by part by an app that may export, and verifies without the gateway", async () => {
    // An act of the owner's is signed at once.
    const { csrf = "" } = formFields(await (await rig.owner.get("/trading")).text());
    await rig.owner.post("/trading/kill", { csrf, effect: "freeze" });
    const folder = join(await rig.home(), "my-log");
    await expect
      .poll(async () => (await ibkr(["audit", "export", "--out", folder])).code, {
        timeout: 20_000,
      })
      .toBe(0);
    const policy = join(folder, "trust.policy");
    const good = await ibkr(["audit", "verify", folder, "--policy", policy], { IBKR_GATEWAY: "" });
    expect([good.code, good.out], good.err).toEqual([0, expect.stringContaining("Verified")]);
    expect(good.out).not.toContain("openings");
    const again = await ibkr(["audit", "export", "--out", folder]);
    expect([again.code, again.err]).toEqual([2, expect.stringContaining("finished")]);
    const part = await ibkr(["audit", "export", "--limit", "2", "--json"]);
    expect(JSON.parse(part.out)).toMatchObject({ first_seq: 1, last_seq: 2 });
  });

  it("that cannot be read is never called broken", async () => {
    const folder = join(await rig.home(), "there");
    await writeLog(folder, false);
    const missing = await ibkr(["audit", "verify", "/no/such/folder", "--json"]);
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.out)).toMatchObject({ outcome: "unchecked", exitCode: 1 });
    const noPolicy = await ibkr(["audit", "verify", folder, "--policy", "/no/such/policy"]);
    expect([noPolicy.code, noPolicy.out]).toEqual([1, expect.stringContaining("/no/such/policy")]);
    const noProof = await ibkr(["audit", "verify", join(folder, "checkpoint")]);
    expect([noProof.code, noProof.out]).toEqual([
      2,
      expect.stringContaining("PROOF_FILE_MALFORMED"),
    ]);
  });
});

/** Writes an export that a PC has witnessed now, and whom its reader trusts; the policy's file. */
async function writeLog(folder: string, changed: boolean): Promise<string> {
  const log = someLog(20);
  const files = await anExport(log);
  const signers = [await aLogSigner(), await aWitness(2, Math.floor(Date.now() / 1_000))];
  files.set("checkpoint", await aCheckpoint(log, 20, signers));
  for (const [name, text] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    const altered = name.endsWith(".jsonl")
      ? text.replace("positions.list", "positions.lost")
      : text;
    await writeFile(path, changed ? altered : text);
  }
  const policy = join(folder, "..", "my.policy");
  await writeFile(policy, await aPolicy());
  return policy;
}

describe("what a gateway speaks", () => {
  const FILE = "gateway-protocol.json";

  it("is asked once, and again where what was kept is out of date", async () => {
    const IBKR_CONFIG_DIR = await rig.home();
    const path = join(IBKR_CONFIG_DIR, FILE);
    const list = () => ibkr(["accounts", "list", "--json"], { IBKR_CONFIG_DIR });
    const first = await list();
    expect(first.code, first.err).toBe(0);
    const kept = JSON.parse(await readFile(path, "utf8"));
    expect(await list()).toMatchObject({ code: 0 });
    // The second took it as it was.
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(kept);
    const { discovered } = kept;
    for (const supportedVersions of [["of-another-gateway"], []]) {
      const older = { ...kept, discovered: { ...discovered, supportedVersions } };
      await writeFile(path, JSON.stringify(older));
      const again = await list();
      expect(again.code, again.err).toBe(0);
      expect(JSON.parse(await readFile(path, "utf8")).discovered).toEqual(discovered);
    }
    await writeFile(path, "torn");
    expect(await list()).toMatchObject({ code: 0 });
  });
});
