/**
 * Descriptions that makers of hosts publish of their clients (client id metadata documents), pinned
 * as far as they are known. `known` holds what was read or documented by the date beside it;
 * `assumed` is what the host cannot do without and nobody wrote down. A maker may change theirs any
 * day: what is proved with these is that the gateway takes a document of this form, not that it is
 * today's.
 */
export interface VendorDocument {
  /** The client's id: the address of the document. */
  id: string;
  /** Where the facts are from, and of when. */
  source: string;
  known: Record<string, unknown>;
  assumed: Record<string, unknown>;
  /** Redirects a host of this kind sends, which the document's must admit. */
  redirects: string[];
}

const CODE_AND_REFRESH = ["authorization_code", "refresh_token"];

export const VENDOR_DOCUMENTS: Record<string, VendorDocument> = {
  "Claude, hosted": {
    id: "https://claude.ai/oauth/mcp-oauth-client-metadata",
    source: "the document, 2026-09-29; Claude's connector documentation, 2026-11",
    known: {
      client_name: "Claude",
      grant_types: [...CODE_AND_REFRESH, "urn:ietf:params:oauth:grant-type:jwt-bearer"],
      token_endpoint_auth_method: "none",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
    },
    assumed: { response_types: ["code"] },
    redirects: ["https://claude.ai/api/mcp/auth_callback"],
  },
  "Claude Code": {
    id: "https://claude.ai/oauth/claude-code-client-metadata",
    source: "Claude Code's documentation, 2026-11",
    known: { redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"] },
    assumed: {
      client_name: "Claude Code",
      grant_types: CODE_AND_REFRESH,
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    redirects: ["http://localhost:3118/callback", "http://127.0.0.1:60123/callback"],
  },
  ChatGPT: {
    id: "https://chatgpt.com/oauth/client.json",
    source: "OpenAI's Apps documentation, 2026-11: private_key_jwt or none",
    known: {
      token_endpoint_auth_method: "private_key_jwt",
      redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"],
    },
    assumed: {
      client_name: "ChatGPT",
      grant_types: CODE_AND_REFRESH,
      response_types: ["code"],
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
    redirects: ["https://chatgpt.com/connector_platform_oauth_redirect"],
  },
  "ChatGPT, one connector": {
    id: "https://chatgpt.com/oauth/cb_7f3a/client.json",
    source: "OpenAI's Apps documentation, 2026-11: an address and a redirect for each connector",
    known: {
      token_endpoint_auth_method: "private_key_jwt",
      redirect_uris: ["https://chatgpt.com/connector/oauth/cb_7f3a"],
    },
    assumed: {
      client_name: "ChatGPT",
      grant_types: CODE_AND_REFRESH,
      response_types: ["code"],
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
    redirects: ["https://chatgpt.com/connector/oauth/cb_7f3a"],
  },
  Codex: {
    id: "https://chatgpt.com/oauth/codex/client.json",
    source: "Codex's threads, 2026-11: loopback, any port, a path with or without a callback id",
    known: {
      redirect_uris: ["http://127.0.0.1/callback", "http://127.0.0.1/callback/AbCdEfGhIjKl"],
    },
    assumed: {
      client_name: "Codex",
      grant_types: CODE_AND_REFRESH,
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    redirects: ["http://127.0.0.1:1455/callback", "http://127.0.0.1:43210/callback/AbCdEfGhIjKl"],
  },
  "VS Code": {
    id: "https://vscode.dev/oauth/client-metadata.json",
    source: "VS Code's documentation, 2026-11",
    known: {
      redirect_uris: [
        "http://127.0.0.1:33418/",
        "http://127.0.0.1/",
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
      ],
    },
    assumed: {
      client_name: "Visual Studio Code",
      grant_types: CODE_AND_REFRESH,
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    redirects: [
      "http://127.0.0.1:33418/",
      "http://127.0.0.1:51234/",
      "https://vscode.dev/redirect",
      "https://insiders.vscode.dev/redirect",
    ],
  },
};

/** The document as it is served. */
export const documentOf = ({ id, known, assumed }: VendorDocument): Record<string, unknown> => ({
  client_id: id,
  ...assumed,
  ...known,
});

/** The document of one maker's client, by the name above. */
export function pinned(name: string): Record<string, unknown> {
  const vendor = VENDOR_DOCUMENTS[name];
  if (vendor === undefined) throw new Error(`no description is pinned of ${name}`);
  return documentOf(vendor);
}
