import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { linkedSession, markSeen } from "../acp/session-links.ts";
import { acpFolder } from "../config/config-dir.ts";
import type { Access } from "../sdk/access.ts";
import { listCache } from "./list-cache.ts";
import { forwardingServer } from "./serve.ts";
import { upstream } from "./upstream.ts";

/** The name under which a call carries the session of an ACP agent; only its hash is told. */
export const ACP_SESSION_META = "ibkr-edge-gateway/acp-session";

export interface ServeRun {
  resource: string;
  access: Access;
  /** Whose lists are kept: changes with the login. */
  holder: string;
  configDir: string;
  /** The token that an ACP pump gave this process; null outside one. */
  acpToken: string | null;
  say(text: string): void;
}

/** Serves this process's stdin and stdout until stdin ends. */
export async function runServe(run: ServeRun): Promise<void> {
  const { acpToken } = run;
  const folder = acpFolder(run.configDir);
  if (acpToken !== null) noteStart(folder, acpToken);
  const way = upstream(run.resource, run.access);
  const meta = () => {
    const session = acpToken === null ? null : linkedSession(folder, acpToken);
    return session === null ? {} : { [ACP_SESSION_META]: session };
  };
  const cache = listCache(run.configDir, run.holder);
  const handle = serveStdio(() => forwardingServer({ upstream: way, cache, meta }), {
    onerror: (error) => run.say(error.message),
  });
  await new Promise<void>((resolve) => {
    process.stdin.once("close", resolve);
    process.stdin.once("end", resolve);
  });
  await handle.close();
  await way.close();
}

function noteStart(folder: string, token: string): void {
  try {
    markSeen(folder, token);
  } catch {
    // Without it the pump says that nobody came; nothing else depends on it.
  }
}
