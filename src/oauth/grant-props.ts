import type { ExternalToken } from "./external-issuers.ts";

/** What is vouched for on every MCP request: by our own grant, or by another issuer's token. */
export interface GrantProps {
  accountId: string;
  /** Where the client asked for a token with less than its grant: what it asked for. */
  within?: string[];
  external?: ExternalToken;
}
