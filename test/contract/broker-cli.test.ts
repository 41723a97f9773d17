import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimulatorOptions } from "@ibkr-edge-gateway/simulator/options.ts";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { filePins } from "../../sidecar/src/client-portal/certificate-pin.ts";

let sim: RunningSimulator | null = null;
let configDir: string;
beforeEach(() => {
  configDir = mkdtempSync(join(tmpdir(), "ibkr-cli-"));
});
afterEach(async () => {
  await sim?.close();
  sim = null;
  rmSync(configDir, { recursive: true, force: true });
});

async function simulator(
  options: Pick<SimulatorOptions, "loggedIn" | "behaviours"> = {},
): Promise<RunningSimulator> {
  sim = await startSimulator({ ...options, clock: "real", marketHours: "always" });
  return sim;
}

interface Finding {
  layer: string;
  verdict: "ok" | "wrong" | "unknown";
  says: string;
  next_step: string | null;
}

function sidecar(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [inject("sidecarCli"), ...args, "--config-dir", configDir],
      {
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let out = "";
    let err = "";
    child.stdout.on("data", (bytes) => {
      out += String(bytes);
    });
    child.stderr.on("data", (bytes) => {
      err += String(bytes);
    });
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

async function doctor(url: string, ...more: string[]) {
  const { code, out } = await sidecar("doctor", "--json", "--client-portal", url, ...more);
  const { findings }: { findings: Finding[] } = JSON.parse(out);
  return {
    code,
    findings,
    of: (layer: string): Finding => {
      const found = findings.find((finding) => finding.layer === layer);
      if (found === undefined) throw new Error(`no ${layer}`);
      return found;
    },
  };
}

describe("ibkr-sidecar doctor", () => {
  it("walks every layer, with one verdict each and a next step where something is wrong", async () => {
    const { url } = await simulator();
    const report = await doctor(url);
    expect(report.findings.map((finding) => finding.layer)).toEqual([
      "disk",
      "pairing",
      "gateway URL",
      "clock",
      "audit log",
      "port",
      "TLS",
      "single sign-on",
      "brokerage",
      "rival",
    ]);
    for (const { verdict, next_step } of report.findings) {
      expect(next_step !== null).toBe(verdict === "wrong");
    }
    expect(report.of("brokerage").verdict).toBe("ok");
    expect(report.of("pairing")).toMatchObject({ verdict: "wrong" });
    expect(report.code).toBe(1);
  });

  it("trusts nothing by merely looking", async () => {
    const { url, certificateSha256 } = await simulator();
    expect((await doctor(url)).of("TLS").says).toContain(certificateSha256);
    expect(filePins(configDir).get(url)).toBeNull();
  });

  it("finds a closed port, and asks no further", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    const report = await doctor(`https://127.0.0.1:${port}`);
    expect(report.of("port").verdict).toBe("wrong");
    expect(report.of("single sign-on").verdict).toBe("unknown");
    expect(report.code).toBe(1);
  });

  it("finds a missing login and says where to log in", async () => {
    const { url } = await simulator({ loggedIn: false });
    const report = await doctor(url);
    expect(report.of("single sign-on").verdict).toBe("wrong");
    expect(report.of("single sign-on").next_step).toContain(url);
  });

  it("refuses a changed certificate until its fingerprint is named", async () => {
    const { url, certificateSha256 } = await simulator();
    const other = certificateSha256.replace(
      /^../,
      certificateSha256.startsWith("00") ? "11" : "00",
    );
    filePins(configDir).set(url, other, new Date().toISOString());
    const before = sim?.control.requests().length;
    const refused = await doctor(url);
    expect(refused.of("TLS")).toMatchObject({ verdict: "wrong" });
    expect(refused.of("TLS").next_step).toContain(certificateSha256);
    expect(sim?.control.requests().length).toBe(before);
    const wrongly = await doctor(url, "--trust-certificate", other);
    expect(wrongly.of("TLS").verdict).toBe("wrong");
    expect(filePins(configDir).get(url)).toBe(other);
    const trusted = await doctor(url, "--trust-certificate", certificateSha256.toLowerCase());
    expect(trusted.of("TLS").verdict).toBe("ok");
    expect(filePins(configDir).get(url)).toBe(certificateSha256);
  });

  it("refuses a gateway that is not on this machine: one line, exit 2", async () => {
    const { code, out, err } = await sidecar(
      "doctor",
      "--client-portal",
      "https://192.168.0.9:5000",
    );
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("leaves nothing behind but what it was told to keep", async () => {
    const { url } = await simulator();
    await doctor(url);
    expect(readdirSync(configDir).filter((name) => !name.includes("pacing"))).toEqual([]);
  });
});

describe("ibkr-sidecar takeover", () => {
  it("takes the session from a rival only when told to, and says so", async () => {
    const { url } = await simulator({ behaviours: { session: { forceCompeteRequired: true } } });
    sim?.control.rival("tws");
    const asked = await sidecar("takeover", "--client-portal", url);
    expect(asked.code).toBe(2);
    expect(sim?.control.world().rival).toBe("tws");
    const taken = await sidecar("takeover", "--yes", "--client-portal", url);
    expect(taken.out).toContain("is here now");
    expect(taken.code).toBe(0);
    const bodies = sim?.control
      .requests()
      .filter((entry) => entry.path === "/iserver/auth/ssodh/init")
      .map((entry) => entry.body);
    expect(bodies).toEqual(['{"publish":true,"compete":true}']);
    const again = await sidecar("takeover", "--yes", "--client-portal", url);
    expect(again.out).toContain("here already");
    expect(again.code).toBe(0);
  });

  it("without a login there is nothing to take", async () => {
    const { url } = await simulator({ loggedIn: false });
    const { code, out } = await sidecar("takeover", "--yes", "--client-portal", url);
    expect(code).toBe(1);
    expect(out).toContain("Log in at");
  });
});
