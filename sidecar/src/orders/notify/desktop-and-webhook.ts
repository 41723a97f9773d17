import { execFile } from "node:child_process";
import type { BrokerLogger } from "../../client-portal/logger.ts";

/**
 * The ways this PC has of showing something to whoever sits at it, or carries their phone. Nobody
 * waits for most of what is shown, so a way that fails must not reject: see {@link loggingReach}.
 */
export interface Reach {
  /** Lines on the terminal the sidecar runs in. */
  terminal(lines: string[]): boolean;
  /** A desktop notification; false where there is no desktop. */
  desktop(title: string, text: string): Promise<boolean>;
  /** The webhook and the ntfy topic of the settings; false where there is none. */
  push(title: string, text: string): Promise<boolean>;
}

/** The same ways; one that fails has shown nothing, is logged and holds nothing up. */
export function loggingReach(reach: Reach, logger: Pick<BrokerLogger, "warn">): Reach {
  const failed = (way: string) => (error: unknown) => {
    logger.warn({ err: error, way }, "a notice could not be shown");
    return false;
  };
  return {
    terminal(lines) {
      try {
        return reach.terminal(lines);
      } catch (error) {
        return failed("terminal")(error);
      }
    },
    desktop: (title, text) => reach.desktop(title, text).catch(failed("desktop")),
    push: (title, text) => reach.push(title, text).catch(failed("push")),
  };
}

/** The reach of this machine. `write` is the terminal; nothing is shown to a pipe or a log file. */
export function machineReach(options: {
  interactive: boolean;
  write(text: string): void;
  webhookUrl: string | null;
  ntfyUrl: string | null;
}): Reach {
  return {
    terminal: (lines) => {
      if (!options.interactive) return false;
      options.write(`\n${lines.join("\n")}\n\n`);
      return true;
    },
    desktop: (title, text) => {
      const command = desktopCommand(title, text);
      return command === null ? Promise.resolve(false) : run(...command);
    },
    push: async (title, text) => {
      const sent = await Promise.all([
        options.webhookUrl === null
          ? false
          : post(options.webhookUrl, JSON.stringify({ title, text }), "application/json"),
        options.ntfyUrl === null ? false : post(options.ntfyUrl, `${title}\n${text}`, "text/plain"),
      ]);
      return sent.some((yes) => yes);
    },
  };
}

const SHOW_MS = 3_000;

function desktopCommand(title: string, text: string): [string, string[]] | null {
  if (process.platform === "linux") {
    const desktop = process.env.DISPLAY !== undefined || process.env.WAYLAND_DISPLAY !== undefined;
    return desktop ? ["notify-send", ["--app-name=ibkr-sidecar", "--", title, text]] : null;
  }
  if (process.platform !== "darwin") return null;
  // The words are arguments of the script, never part of it.
  const script =
    "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run";
  return ["osascript", ["-e", script, title, text]];
}

function run(command: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: SHOW_MS }, (error) => resolve(error === null));
  });
}

async function post(url: string, body: string, type: string): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": type },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(SHOW_MS),
    });
    return answer.ok;
  } catch {
    // An alert that cannot be pushed is still in the log and at the gateway.
    return false;
  }
}
