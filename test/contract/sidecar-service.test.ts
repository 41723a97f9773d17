import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { storePairing } from "../../sidecar/src/config/pairing-file.ts";

/** The command itself, in a home of its own, with a `systemctl` that only writes down what it is told. */
let home: string;
let pc: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ibkr-service-cli-"));
  pc = join(home, "pc");
  const tool = join(home, "systemctl");
  writeFileSync(tool, `#!/bin/sh\necho "$@" >> '${join(home, "told")}'\necho "all is well"\n`);
  chmodSync(tool, 0o755);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function service(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inject("sidecarCli"), "--config-dir", pc, "service", ...args],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        HOME: home,
        XDG_CONFIG_HOME: "",
        PATH: `${home}${delimiter}${process.env.PATH}`,
      },
    },
  );
  return { status, said: stdout + stderr };
}
const told = () => (existsSync(join(home, "told")) ? readFileSync(join(home, "told"), "utf8") : "");

describe.runIf(process.platform === "linux")("ibkr-sidecar service", () => {
  it("shows the file before it writes it, starts it, says how it stands, and removes it", () => {
    expect(service("install", "--yes")).toMatchObject({ status: 2 });
    storePairing(pc, {
      gateway_origin: "https://gateway.example.com",
      relay_url: "wss://gateway.example.com/relay",
      account_id: "acc",
      sidecar_id: "sc",
      edge_identity_key: "A".repeat(43),
      capabilities: ["broker.read"],
      paired_at: new Date().toISOString(),
    });
    const shown = service("install", "--print");
    const file = /^(\/.*\.service)$/m.exec(shown.said)?.[1] ?? "";
    expect(shown.said).toContain("ExecStart=");
    // Nobody sits at a terminal here, so nobody can have agreed.
    expect(service("install")).toMatchObject({ status: 2 });
    expect([existsSync(file), told()]).toEqual([false, ""]);

    const installed = service("install", "--yes", "--client-portal", "https://127.0.0.1:5001/");
    expect(installed).toMatchObject({ status: 0, said: expect.stringContaining("enable-linger") });
    expect(readFileSync(file, "utf8")).toContain(
      `--config-dir ${pc} run --client-portal https://127.0.0.1:5001\n`,
    );
    expect(told()).toMatch(
      /^--user daemon-reload\n--user enable --now ibkr-sidecar-\w+\.service\n$/,
    );

    expect(service("status")).toMatchObject({
      status: 0,
      said: expect.stringContaining("all is well"),
    });
    expect(service("uninstall")).toMatchObject({ status: 0 });
    expect(existsSync(file)).toBe(false);
    expect(told()).toContain("disable --now");
    expect(service("status")).toMatchObject({ status: 1 });
  });

  it("refuses an address that is not on this PC", () => {
    expect(service("install", "--client-portal", "https://10.0.0.1")).toMatchObject({ status: 2 });
  });
});
