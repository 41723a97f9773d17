import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import type {
  OAuthClientProvider,
  OAuthDiscoveryState,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type {
  OAuthClientInformationMixed,
  OAuthTokens,
} from "@modelcontextprotocol/sdk/shared/auth.js";
import type { Browser } from "../../scripts/lib/browser.ts";
import { approve } from "./consent.ts";

/**
 * The part of an MCP client that a person plays: the SDK does discovery, registration, PKCE and the
 * token request by itself; here the owner's browser opens the address that the SDK names, approves,
 * and brings the code back.
 */
export class OwnerAtBrowser implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:9/callback";
  readonly #browser: Browser;
  readonly #scope: string;
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = "";
  #discovery: OAuthDiscoveryState | undefined;
  /** What the redirect back to the client carried. */
  callback = new URLSearchParams();
  /** How often a person was asked. */
  asked = 0;

  constructor(browser: Browser, scope: string) {
    this.#browser = browser;
    this.#scope = scope;
  }

  get clientMetadata() {
    return {
      client_name: "Contract test",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      scope: this.#scope,
    };
  }

  clientInformation() {
    return this.#client;
  }
  saveClientInformation(client: OAuthClientInformationMixed) {
    this.#client = client;
  }
  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: OAuthTokens) {
    this.#tokens = tokens;
  }
  saveDiscoveryState(state: OAuthDiscoveryState) {
    this.#discovery = state;
  }
  discoveryState() {
    return this.#discovery;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  codeVerifier() {
    return this.#verifier;
  }

  async redirectToAuthorization(address: URL): Promise<void> {
    this.asked += 1;
    address.searchParams.set("scope", this.#scope);
    this.callback = (await approve(this.#browser, address)).searchParams;
  }
}

/** An SDK v2 client that connected by real OAuth, in the era of `version`. */
export async function connectV2(
  browser: Browser,
  scope: string,
  version: "2026-07-28" | "legacy",
): Promise<ClientV2> {
  const owner = new OwnerAtBrowser(browser, scope);
  const begin = () => {
    const client = new ClientV2(
      { name: "contract-test-v2", version: "1" },
      { versionNegotiation: { mode: version === "legacy" ? "legacy" : { pin: version } } },
    );
    const transport = new TransportV2(new URL(`${browser.origin}/mcp`), { authProvider: owner });
    return { client, transport, connected: client.connect(transport) };
  };
  const first = begin();
  await refusedForNow(first.connected);
  await first.transport.finishAuth(owner.callback);
  const second = begin();
  await second.connected;
  return second.client;
}

/** An SDK v1 client that connected by real OAuth. */
export async function connectV1(browser: Browser, scope: string): Promise<ClientV1> {
  const owner = new OwnerAtBrowser(browser, scope);
  const begin = () => {
    const client = new ClientV1({ name: "contract-test-v1", version: "1" });
    const transport = new TransportV1(new URL(`${browser.origin}/mcp`), { authProvider: owner });
    // The SDK's own types disagree with each other under exactOptionalPropertyTypes.
    return { client, transport, connected: client.connect(transport as never) };
  };
  const first = begin();
  await refusedForNow(first.connected);
  await first.transport.finishAuth(owner.callback.get("code") ?? "");
  const second = begin();
  await second.connected;
  return second.client;
}

/** The first attempt has no token; the SDK sends the owner to the browser and gives up. */
async function refusedForNow(connected: Promise<void>): Promise<void> {
  const accepted = await connected.then(
    () => true,
    () => false,
  );
  if (accepted) throw new Error("connected without a token");
}
