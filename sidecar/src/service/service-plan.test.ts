import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServiceFacts, ServicePlan } from "./service-facts.ts";
import { servicePlan } from "./service-plan.ts";

const FACTS: ServiceFacts = {
  node: process.execPath,
  nodeFlags: ["--max-semi-space-size=1"],
  program: "/opt/My Sidecar/50% & <more>/ibkr-sidecar.js",
  configDir: "/home/o/.config/ibkr-sidecar",
  defaultConfigDir: "/home/o/.config/ibkr-sidecar",
  runArgs: ["--client-portal", "https://127.0.0.1:5000"],
  home: "/home/o",
  env: {},
  userId: 501,
  userName: "o",
};
const WINDOWS: ServiceFacts = {
  ...FACTS,
  node: "C:\\Program Files\\nodejs\\node.exe",
  program: "C:\\Users\\O & P\\ibkr-sidecar.js",
  configDir: "C:\\Users\\O & P\\AppData\\Roaming\\ibkr-sidecar",
  defaultConfigDir: "C:\\Users\\O & P\\AppData\\Roaming\\ibkr-sidecar",
  home: "C:\\Users\\O & P",
  env: { USERDOMAIN: "PC" },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-service-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function planned(platform: NodeJS.Platform, facts: ServiceFacts): ServicePlan {
  const plan = servicePlan(platform, facts);
  if (plan === null) throw new Error("no plan");
  return plan;
}

/** The verdict of a tool of the system over the file as it is written; null where it is not installed. */
function verdictOf(tool: string, args: string[], plan: ServicePlan): string | null {
  const file = join(folder, basename(plan.file.replaceAll("\\", "/")));
  writeFileSync(file, plan.text, { encoding: plan.encoding });
  const { status, stdout, stderr, error } = spawnSync(tool, [...args, file], {
    encoding: "utf8",
    env: { ...process.env, XDG_RUNTIME_DIR: folder },
  });
  if (error !== undefined) return null;
  return status === 0 ? "" : `${status} ${stdout}${stderr}`;
}

describe("the sidecar as a service", () => {
  it("is a systemd user unit that is started again unless that would change nothing", () => {
    const plan = planned("linux", FACTS);
    expect(plan.file).toBe("/home/o/.config/systemd/user/ibkr-sidecar.service");
    expect(plan.text).toContain('"/opt/My Sidecar/50%% & <more>/ibkr-sidecar.js"');
    expect(plan.text).toContain(" run --client-portal https://127.0.0.1:5000\n");
    expect(plan.text).toMatch(/^Restart=on-failure\nRestartPreventExitStatus=1 2$/m);
    expect(plan.notes.join(" ")).toContain("enable-linger o");
    const elsewhere = planned("linux", { ...FACTS, env: { XDG_CONFIG_HOME: "/x" } });
    expect(elsewhere.file).toBe("/x/systemd/user/ibkr-sidecar.service");
  });

  it("is taken by systemd's own check", (context) => {
    const plan = planned("linux", { ...FACTS, program: "/bin/true" });
    const verdict = verdictOf("systemd-analyze", ["--user", "verify"], plan);
    if (verdict === null) return context.skip("systemd-analyze is not installed");
    expect(verdict).toBe("");
  });

  it("is a launch agent with every word in an element of its own", () => {
    const plan = planned("darwin", FACTS);
    expect(plan.file).toMatch(/^\/home\/o\/Library\/LaunchAgents\/io\..*\.plist$/);
    expect(plan.text).toContain(
      "<string>/opt/My Sidecar/50% &amp; &lt;more&gt;/ibkr-sidecar.js</string>",
    );
    expect(plan.text).toMatch(/<key>IBKR_SIDECAR_FINAL_EXIT<\/key>\s*<string>0<\/string>/);
    expect(plan.install).toEqual([["launchctl", "bootstrap", "gui/501", plan.file]]);
    expect(plan.uninstall[0]?.[2]).toBe(`gui/501/${plan.name}`);
  });

  it.each([
    ["xmllint", ["--noout", "--nonet"]],
    ["plistutil", ["-i"]],
  ])("has a launch agent that %s takes", (tool, args) => {
    const verdict = verdictOf(tool, args, planned("darwin", FACTS));
    // Where the tool is not installed the text was held above.
    expect(verdict ?? "").toBe("");
  });

  it("is a task of Windows with one line for cmd.exe, whose log goes into a file", () => {
    const plan = planned("win32", WINDOWS);
    expect(plan.file).toBe("C:\\Users\\O & P\\AppData\\Local\\ibkr-sidecar\\ibkr-sidecar.xml");
    expect(plan.text).toContain(
      '<Arguments>/d /c "set IBKR_SIDECAR_FINAL_EXIT=0&amp;&amp; "C:\\Program Files\\nodejs\\node.exe" --max-semi-space-size=1 "C:\\Users\\O &amp; P\\ibkr-sidecar.js"',
    );
    expect(plan.text).toContain(
      '2&gt;&gt;"C:\\Users\\O &amp; P\\AppData\\Local\\ibkr-sidecar\\ibkr-sidecar.log""',
    );
    expect(plan.text).toContain("<UserId>PC\\o</UserId>");
    const percent = "C:\\Users\\%USERNAME%\\ibkr-sidecar.js";
    expect(() => planned("win32", { ...WINDOWS, program: percent })).toThrow(/cmd\.exe reads/);
    expect(verdictOf("xmllint", ["--noout", "--nonet"], plan) ?? "").toBe("");
  });

  it("has a name of its own for each folder", () => {
    const names = ["/a", "/b", FACTS.configDir].map(
      (configDir) => planned("linux", { ...FACTS, configDir }).name,
    );
    expect(new Set(names).size).toBe(3);
    expect(names[2]).toBe("ibkr-sidecar.service");
  });

  it("is said to be missing where there is no service manager", () => {
    expect(servicePlan("aix", FACTS)).toBeNull();
  });
});
