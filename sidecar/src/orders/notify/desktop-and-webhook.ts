import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import { showsNumbers } from "../../trust/probation.ts";
import { noteRequest } from "../../trust/tables/approval-requests.ts";
import type { OrderStore } from "../journal/order-store.ts";

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

export interface Announced {
  known: boolean;
  shown: ("terminal" | "desktop" | "push")[];
  number: boolean;
}

/** Four digits, never a leading zero. */
export const newEcho = (): number => randomInt(1_000, 10_000);

/**
 * Shows what is asked to be approved, in the words of its own ticket and all of them. The number
 * goes to the terminal and the desktop only: never out by the network, where the edge might read it.
 */
export async function announceApproval(
  parts: {
    store: OrderStore;
    reach: Reach;
    echo(): number;
    /** The broker behind this PC is the proved simulator. */
    simulator: boolean;
    nowMs: number;
  },
  input: { preview_id: string; tier: 1 | 2; requested_by: string },
): Promise<Announced> {
  const { store, reach } = parts;
  const kept = store.preview(input.preview_id, parts.nowMs);
  if (kept === null) return { known: false, shown: [], number: false };
  let number: number | null = null;
  if (input.tier === 2 || showsNumbers(store.db, parts.simulator)) {
    if (kept.echo === null) store.setEcho(input.preview_id, parts.echo());
    number = store.preview(input.preview_id, parts.nowMs)?.echo ?? null;
  }
  const words = ticketText(kept.ticket);
  const who = input.requested_by.replace(/[\p{C}]/gu, "").slice(0, 80);
  noteRequest(store.db, {
    previewId: input.preview_id,
    tier: input.tier,
    requestedBy: who,
    askedAt: parts.nowMs,
  });
  const lines = [
    `Approval asked for by "${who}":`,
    ...words.map((line) => `  ${line}`),
    ...(number === null ? [] : [`  Number for the approval page: ${number}`]),
    ...(number === null && parts.simulator
      ? ["  At the simulator no number is asked for; at a real broker one is."]
      : []),
    `  If you do not expect this: ${sidecarCommand("kill")}`,
  ];
  const shown: Announced["shown"] = [];
  if (reach.terminal(lines)) shown.push("terminal");
  const said = words.join("\n");
  const text = number === null ? said : `${said}\nNumber: ${number}`;
  if (await reach.desktop("Order to approve", text)) shown.push("desktop");
  if (await reach.push("Order to approve", said)) shown.push("push");
  const local = shown.includes("terminal") || shown.includes("desktop");
  return { known: true, shown, number: number !== null && local };
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
