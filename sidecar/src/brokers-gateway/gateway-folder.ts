import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../config/usage-error.ts";

/** The broker's own gateway as its owner unpacked it. */
export interface GatewayFolder {
  readonly folder: string;
  /** The program that starts it, and what comes behind. */
  readonly command: readonly [string, ...string[]];
  readonly port: number;
  /** `https://127.0.0.1:5000`. */
  readonly origin: string;
}

const CONF = join("root", "conf.yaml");

/** @throws UsageError with what is missing or wrong in the folder */
export function readGatewayFolder(dir: string, platform = process.platform): GatewayFolder {
  const folder = resolve(dir);
  const windows = platform === "win32";
  const script = join("bin", windows ? "run.bat" : "run.sh");
  for (const part of [script, CONF]) {
    if (!existsSync(join(folder, part))) {
      throw new UsageError(
        `${folder} has no ${part}: name the folder into which you unpacked IBKR's Client Portal Gateway`,
      );
    }
  }
  const conf = readFileSync(join(folder, CONF), "utf8");
  const port = Number(settingIn(conf, "listenPort"));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`${join(folder, CONF)} names no listenPort`);
  }
  const scheme = settingIn(conf, "listenSsl") === "false" ? "http" : "https";
  return {
    folder,
    command: windows ? ["cmd.exe", "/d", "/c", script, CONF] : ["sh", script, CONF],
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
  };
}

/** @throws UsageError where no Java can be run */
export function requireJava(): void {
  const { status, error } = spawnSync("java", ["-version"], { stdio: "ignore", windowsHide: true });
  if (error === undefined && status === 0) return;
  throw new UsageError(
    "Java cannot be run here, and IBKR's Client Portal Gateway needs it: install Java 8 or newer, so that the command java works",
  );
}

/** A plain setting at the top of the file, as IBKR writes it. */
function settingIn(yaml: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*["']?([^"'#\\s]+)`, "m").exec(yaml)?.[1];
}
