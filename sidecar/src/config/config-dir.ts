import { homedir } from "node:os";
import { join } from "node:path";

/** Where this platform keeps a program's settings. */
export function defaultConfigDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (platform === "win32") {
    return join(env.APPDATA ?? join(home, "AppData", "Roaming"), "ibkr-sidecar");
  }
  if (platform === "darwin") {
    return join(home, "Library", "Application Support", "ibkr-sidecar");
  }
  const base = env.XDG_CONFIG_HOME;
  return join(base?.startsWith("/") ? base : join(home, ".config"), "ibkr-sidecar");
}
