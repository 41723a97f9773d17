import { type FSWatcher, watch } from "node:fs";
import type { SidecarState } from "@ibkr-edge-gateway/protocol/relay/sidecar/sidecar-state.ts";
import type { Pairing } from "../config/pairing-file.ts";
import { type RunStatus, STATUS_REWRITE_MS, writeRunStatus } from "../config/status-file.ts";
import { killSwitchPath } from "../orders/local-policy/order-settings.ts";
import { readKillSwitch } from "../trust/limits/kill-switch-file.ts";
import type { Broker } from "./broker-interface.ts";

export interface StatusWriter {
  write(state: SidecarState): void;
  stop(): void;
}

/** Keeps the file that `ibkr-sidecar status` reads; failing to write it stops nothing else. */
export function createStatusWriter(options: {
  configDir: string;
  pairing: Pairing;
  version: string;
  broker: Pick<Broker, "session" | "unread" | "onEvent">;
  /** Where the broker's gateway is. */
  clientPortal: string;
}): StatusWriter {
  const startedAt = new Date().toISOString();
  let last: SidecarState | null = null;
  let since = startedAt;

  const engaged = () => readKillSwitch(killSwitchPath(options.configDir)).engaged;

  function write(state: SidecarState): void {
    if (last?.link.kind !== state.link.kind) since = new Date().toISOString();
    last = state;
    const { link } = state;
    const status: RunStatus = {
      pid: process.pid,
      version: options.version,
      started_at: startedAt,
      written_at: new Date().toISOString(),
      relay: {
        state: stateName(state),
        gateway: options.pairing.gateway_origin,
        since,
        epoch: link.kind === "live" ? link.session.epoch : null,
        capabilities: link.kind === "live" ? [...link.session.capabilities] : [],
        unacknowledged_events: state.journal.newestSeq - state.journal.ackedSeq,
        trouble: state.trouble,
      },
      broker: { ...options.broker.session() },
      unread: options.broker.unread(),
      client_portal: options.clientPortal,
      kill_switch: { engaged: engaged(), read_at: new Date().toISOString() },
    };
    try {
      writeRunStatus(options.configDir, status);
    } catch {
      // A full disk is the journal's affair, which says so itself.
    }
  }

  const again = () => {
    if (last !== null) write(last);
  };
  // Whoever engages the switch waits to hear that this process, which sends the orders, has read it.
  let read = engaged();
  const watcher = watchFolder(options.configDir, () => {
    if (engaged() === read) return;
    read = !read;
    again();
  });
  const timer = setInterval(again, STATUS_REWRITE_MS);
  timer.unref();
  const forget = options.broker.onEvent(again);
  return {
    write,
    stop() {
      clearInterval(timer);
      watcher?.close();
      forget();
    },
  };
}

/** Null where the platform cannot watch a folder; then the file is rewritten every few seconds anyway. */
function watchFolder(folder: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}

function stateName({ link }: SidecarState): RunStatus["relay"]["state"] {
  if (link.kind === "live") return "connected";
  return link.kind === "waiting" || link.kind === "stopped" ? link.kind : "connecting";
}
