import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";

/**
 * The switch on this PC: a file. It is engaged when the file exists, whatever stands in it, so
 * that `touch` is enough and a torn write cannot lift it. It works with the edge gone, and only
 * this PC can lift it.
 */
const KillFile = z.object({ engaged_at: z.string(), reason: z.string().max(200) });

export type LocalKillSwitch =
  | { engaged: false }
  | { engaged: true; since: string | null; reason: string | null };

export function readKillSwitch(path: string): LocalKillSwitch {
  if (isAbsent(path)) return { engaged: false };
  try {
    const parsed = KillFile.safeParse(JSON.parse(readFileSync(path, "utf8")));
    if (parsed.success) {
      return { engaged: true, since: parsed.data.engaged_at, reason: parsed.data.reason };
    }
  } catch {
    // Unreadable is engaged.
  }
  return { engaged: true, since: null, reason: null };
}

/** Only a file that provably is not there is absent; one that nobody may look at is engaged. */
function isAbsent(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}

/** Idempotent: the first reason stays. */
export function engageKillSwitch(path: string, reason: string, nowMs: number): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const text = JSON.stringify({
    engaged_at: new Date(nowMs).toISOString(),
    reason: reason.slice(0, 200),
  });
  writeFileSync(`${path}.new`, text, { flush: true });
  renameSync(`${path}.new`, path);
}

export function liftKillSwitch(path: string): boolean {
  if (!existsSync(path)) return false;
  rmSync(path);
  return true;
}

/** Engaged: no entries, no changes. Cancels pass, and so do orders that only reduce. */
export function killFaults(
  state: LocalKillSwitch,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (!state.engaged || order.action === "cancel") return [];
  if (order.action === "place" && effect?.kind === "exit") return [];
  return [
    refusal(
      "LOCAL_KILL_SWITCH",
      "kill_switch",
      "not_engaged",
      `The kill switch at the PC is engaged${state.since === null ? "" : ` since ${state.since}`}; only cancels and orders that reduce a position pass.`,
    ),
  ];
}
