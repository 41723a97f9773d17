import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allowAt, approve } from "../support/consent.ts";
import { OwnerAtBrowser } from "../support/mcp-clients.ts";
import { CALLS, expectAnswers, expectPreviewed, linkIn, PREVIEW } from "./calls.ts";
import { type Rig, startRig } from "./rig.ts";

/**
 * The two official SDKs as an application gets them: a provider that keeps what it is given, no
 * scope anywhere, and no option beyond the address.
 */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

/** An application's provider; its user makes this choice on the consent page. */
class Application extends OwnerAtBrowser {
  /** Null: he closes the page. */
  choice: string | null;

  constructor(choice: string | null) {
    super(rig.owner, "");
    this.choice = choice;
  }

  override get clientMetadata() {
    return {
      client_name: "SDK application",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    } as ReturnType<() => OwnerAtBrowser["clientMetadata"]>;
  }

  override async redirectToAuthorization(address: URL): Promise<void> {
    this.asked += 1;
    if (this.choice === null) return;
    this.callback = (await approve(rig.owner, address, this.choice)).searchParams;
  }
}

interface Open {
  call(tool: string, args: Record<string, unknown>): Promise<unknown>;
  close(): Promise<void>;
}

/** A connection of an application that is signed in; the callback of the next sign-in goes to it. */
interface Sdk {
  open(application: Application): Promise<Open & { finish(): Promise<void> }>;
}

const v1: Sdk = {
  async open(application) {
    const client = new ClientV1({ name: "sdk-v1", version: "1" });
    const transport = new TransportV1(new URL(rig.mcp), { authProvider: application });
    const finish = () => transport.finishAuth(application.callback.get("code") ?? "");
    try {
      // The SDK's own types disagree with each other under exactOptionalPropertyTypes.
      await client.connect(transport as never);
    } catch {
      await finish();
      return v1.open(application);
    }
    return {
      call: (name, args) => client.callTool({ name, arguments: args }),
      close: () => client.close(),
      finish,
    };
  },
};

const v2: Sdk = {
  async open(application) {
    const client = new ClientV2({ name: "sdk-v2", version: "1" });
    const transport = new TransportV2(new URL(rig.mcp), { authProvider: application });
    const finish = () => transport.finishAuth(application.callback);
    try {
      await client.connect(transport);
    } catch {
      await finish();
      return v2.open(application);
    }
    return {
      call: (name, args) => client.callTool({ name, arguments: args }),
      close: () => client.close(),
      finish,
    };
  },
};

const contentsOf = (result: unknown): unknown =>
  typeof result === "object" && result !== null && "structuredContent" in result
    ? result.structuredContent
    : result;

describe.each([
  ["v1", v1, 1],
  ["v2", v2, 2],
] as const)("SDK %s", (_, sdk, askedAfter) => {
  it("asks for what the gateway names, reads, and prepares an order once its owner allowed it", async () => {
    rig.wire.clear();
    const application = new Application("read");
    const client = await sdk.open(application);
    try {
      expect(rig.wire.authorizations()).toMatchObject([{ scope: BASELINE_SCOPES.join(" ") }]);
      const answers: unknown[] = [];
      for (const [tool, args] of CALLS) answers.push(contentsOf(await client.call(tool, args)));
      expectAnswers(answers);

      // v1 refreshes upon the 403, comes back as it was, and has the link at once. v2 sends its user
      // to the consent page instead; who closes that and asks again has the link then.
      application.choice = null;
      const first: unknown = await client
        .call(PREVIEW.tool, PREVIEW.args)
        .catch((error: unknown) => error);
      const shown = first instanceof Error ? await client.call(PREVIEW.tool, PREVIEW.args) : first;
      expect(contentsOf(shown)).toMatchObject({ code: "AUTH_MISSING_SCOPE" });
      expect(application.asked).toBe(askedAfter);
      rig.wire.clear();
      await allowAt(rig.owner, linkIn(JSON.stringify(shown)), "prepare");
      expectPreviewed(contentsOf(await client.call(PREVIEW.tool, PREVIEW.args)));
      expect(rig.wire.tokenRequests()).toEqual([]);
    } finally {
      await client.close();
    }
  }, 30_000);

  it("prepares orders from its first call, where that was chosen on the consent page", async () => {
    const client = await sdk.open(new Application("paper"));
    try {
      expectPreviewed(contentsOf(await client.call(PREVIEW.tool, PREVIEW.args)));
    } finally {
      await client.close();
    }
  }, 30_000);
});

it("SDK v2 steps up by itself: the owner chooses more on the page it opens, and the next call passes", async () => {
  const application = new Application("read");
  const client = await v2.open(application);
  try {
    application.choice = "prepare";
    await expect(client.call(PREVIEW.tool, PREVIEW.args)).rejects.toThrow();
    await client.finish();
    expectPreviewed(contentsOf(await client.call(PREVIEW.tool, PREVIEW.args)));
    expect(application.asked).toBe(2);
  } finally {
    await client.close();
  }
}, 30_000);
