import { VERSION } from "../config/version.ts";
import { TOOLS } from "../tool-list/tools.generated.ts";

/** What the stdio server offers at most, without asking the gateway: a grant may show less. */
export function describeServer() {
  return {
    name: "ibkr-edge-gateway",
    version: VERSION,
    transport: "stdio",
    tools: TOOLS.map(({ name, title, description, scope, annotations }) => ({
      name,
      title,
      description,
      scope,
      read_only: annotations.readOnlyHint,
    })),
  };
}
