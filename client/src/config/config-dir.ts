import { homedir } from "node:os";
import { join } from "node:path";

const NAME = "ibkr-edge-client";

/** Where this platform keeps a program's settings; `IBKR_CONFIG_DIR` says otherwise. */
export function configDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env.IBKR_CONFIG_DIR) return env.IBKR_CONFIG_DIR;
  if (platform === "win32") return join(env.APPDATA ?? join(home, "AppData", "Roaming"), NAME);
  if (platform === "darwin") return join(home, "Library", "Application Support", NAME);
  const base = env.XDG_CONFIG_HOME;
  return join(base?.startsWith("/") ? base : join(home, ".config"), NAME);
}

/** Where sessions of ACP agents are noted. */
export function acpFolder(folder: string): string {
  return join(folder, "acp");
}
