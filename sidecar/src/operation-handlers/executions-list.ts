import { executionsList } from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import { readExecutions } from "./live-executions.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

export const serveExecutionsList = serve(executionsList, async (context, input) => {
  const account = await resolveAccount(context, input.account_id);
  const read = await readExecutions(context, account, input.days);
  const { rows, page } = pageOf(read.executions, input);
  return {
    account_id: account.accountId,
    executions: rows,
    proved: read.proved,
    page,
    ...provenance(context, [read.part], read.notes),
  };
});
