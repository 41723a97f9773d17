import { accountMetadata as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/account-metadata.ts";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { accountInput } from "../tool-inputs.ts";

export const accountMetadataTool = defineTool({
  name: "ibkr_account_metadata",
  title: "Account details",
  description: "What kind of account it is and what it may trade.",
  scope: "ibkr:accounts:read",
  annotations: READS_BROKER,
  input: operation.input.extend({ ...accountInput }),
  operation,
});
