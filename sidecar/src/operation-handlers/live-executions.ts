import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { Execution } from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import { executionFrom } from "../client-portal/domain/execution-rows.ts";
import { trades } from "../client-portal/endpoints/trades.ts";
import { factsOf } from "./find-contracts.ts";
import type { OperationContext, Provenance } from "./operation-context.ts";
import type { ResolvedAccount } from "./resolve-account.ts";

export interface ExecutionsRead {
  executions: Execution[];
  proved: boolean;
  part: { at: number; from: Provenance["served_from"] };
  notes: string[];
}

/** The account's fills of so many days, newest first: from the stream where it covers them. */
export async function readExecutions(
  context: OperationContext,
  account: ResolvedAccount,
  days: number,
): Promise<ExecutionsRead> {
  const streamed = account.accountCount === 1 ? context.stream.executions(days) : null;
  const answer = streamed === null ? await context.ask(trades(days)) : null;
  const rows = streamed?.value ?? answer?.value ?? [];
  // A fill does not say in what currency its price is; the contract does.
  const { facts } = await factsOf(
    context,
    rows.flatMap((row) => row.conid ?? []),
  );
  const only = account.accountCount === 1 ? account.accountId : null;
  const read = rows.map((row) =>
    executionFrom(row, row.conid === null ? null : (facts.get(row.conid)?.currency ?? null), only),
  );
  const lost = read.filter((execution) => execution === null).length;
  const executions = read
    .flatMap((execution) => execution ?? [])
    .filter((execution) => execution.account_id === account.accountId)
    .toSorted((a, b) => (b.executed_at ?? "").localeCompare(a.executed_at ?? ""));
  const proved = (answer?.proved ?? true) && lost === 0;
  const notes: string[] = [];
  if (!proved && executions.length === 0) {
    notes.push(
      "The broker's list of fills came back empty and could not be confirmed; it does not mean that nothing was traded.",
    );
  }
  if (lost > 0)
    notes.push(`${counted(lost, "fill")} of the broker could not be read: missing here.`);
  return {
    executions,
    proved,
    part:
      streamed !== null
        ? { at: streamed.at, from: "stream" }
        : { at: answer?.at ?? context.clock.now(), from: answer?.from ?? "broker" },
    notes,
  };
}
