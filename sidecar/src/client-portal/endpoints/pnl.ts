import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { toRecord, wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

/** One partition of `/iserver/account/pnl/partitioned` and of the `spl` stream. */
export const PnlPartition = z.looseObject({
  dpl: wire.decimal,
  nl: wire.decimal,
  upl: wire.decimal,
  mv: wire.decimal,
  // Excess liquidity, under either of two names.
  el: wire.decimal,
  uel: wire.decimal,
});
export type PnlPartition = z.output<typeof PnlPartition>;

/** By the broker's key, `U1234567.Core`. */
export type PnlPartitions = ReadonlyMap<string, PnlPartition>;

function readPartitions(value: unknown): PnlPartitions {
  const partitions = new Map<string, PnlPartition>();
  for (const [key, row] of Object.entries(toRecord(value) ?? {})) {
    const parsed = toRecord(row) === null ? null : PnlPartition.safeParse(row);
    if (parsed?.success) partitions.set(key, parsed.data);
  }
  return partitions;
}

/** Empty until the profit-and-loss stream was subscribed to once in this session. */
export const pnlPartitioned: Ask<PnlPartitions> = {
  name: "iserver.pnl",
  path: "/iserver/account/pnl/partitioned",
  needs: "brokerage",
  pace: "pnl",
  ttlMs: 5_000,
  isCold: (partitions) => partitions.size === 0,
  decode: readWith(
    "iserver.pnl",
    z.looseObject({ upnl: z.unknown().optional() }).transform((body) => readPartitions(body.upnl)),
  ),
};
