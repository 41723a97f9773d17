import type { PnlPartition } from "../client-portal/endpoints/pnl.ts";
import { pnlPartitioned } from "../client-portal/endpoints/pnl.ts";
import type { OperationContext } from "./operation-context.ts";

export interface AccountPnl {
  /** By partition name, without the account. */
  partitions: Map<string, PnlPartition>;
  at: number;
  from: "broker" | "cache" | "stream" | "stale";
  proved: boolean;
}

/** The account's profit and loss: from the stream while it flows, else by a read. */
export async function readAccountPnl(
  context: OperationContext,
  accountId: string,
): Promise<AccountPnl> {
  const streamed = context.stream.pnl(accountId);
  if (streamed !== null) {
    const partitions = ofAccount(streamed.value, accountId);
    if (partitions.size > 0) return { partitions, at: streamed.at, from: "stream", proved: true };
  }
  const answer = await context.ask(pnlPartitioned);
  return {
    partitions: ofAccount(answer.value, accountId),
    at: answer.at,
    from: answer.from,
    proved: answer.proved,
  };
}

function ofAccount(
  all: ReadonlyMap<string, PnlPartition>,
  accountId: string,
): Map<string, PnlPartition> {
  const own = new Map<string, PnlPartition>();
  for (const [key, partition] of all) {
    if (key.startsWith(`${accountId}.`)) own.set(key.slice(accountId.length + 1), partition);
  }
  return own;
}

export const NO_PNL_NOTE =
  "The broker's profit and loss service has not answered with figures yet; they are unknown, not zero.";
