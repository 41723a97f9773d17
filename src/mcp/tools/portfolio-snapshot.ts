import { portfolioSnapshot as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/portfolio-snapshot.ts";
import * as z from "zod";
import { defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { accountInput } from "../tool-inputs.ts";

export const portfolioSnapshotTool = defineTool({
  name: "ibkr_portfolio_snapshot",
  title: "Portfolio snapshot",
  description:
    "One account on one page: worth, cash by currency, profit and loss, largest positions.",
  scope: "ibkr:portfolio:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...accountInput,
    top: numeric(z.int().min(1).max(100)).default(10).describe("How many positions to show"),
  }),
  operation,
});
