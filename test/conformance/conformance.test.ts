import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { buildWorker } from "../../scripts/lib/bundle.ts";
import { type Gateway, launchGateway } from "../../scripts/lib/gateway.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { approve } from "../support/consent.ts";
import { startGateway } from "../support/gateway.ts";
import { modern } from "../support/mcp.ts";
import { Browser, connect, registerClient, signIn } from "../support/oauth-client.ts";
import { type HeaderProxy, startHeaderProxy } from "./header-proxy.ts";
import { judge, type Verdict } from "./judge.ts";
import {
  EXPECTED_FAILURES,
  REQUIRED_COUNT,
  type Revision,
  requiredScenarios,
  STABLE_LEFT_OUT,
  WITHOUT_FIXTURES,
} from "./requirements.ts";
import { type Check, runAuthorizationSuite, runSuite, type SuiteRun } from "./suite.ts";

/**
 * The official MCP conformance suite, newest and stable, against the real Worker in real workerd,
 * behind real OAuth: a loopback proxy adds the token of a client that the owner consented to.
 */
const REVISIONS: Revision[] = ["2026-07-28", "2025-11-25"];
const RUN_MS = 120_000;
const SCENARIO_MS = 20_000;
const UNLIMITED = { CLIENT_CALLS_PER_MINUTE: "100000", ACCOUNT_CALLS_PER_MINUTE: "100000" };

/** What each leg came to, printed at the end. */
const legs = new Map<string, Verdict[]>();
afterAll(() => {
  for (const [leg, verdicts] of legs) {
    const passed = verdicts.filter((verdict) => verdict.passed).length;
    console.log(`conformance, ${leg}: ${passed} of ${verdicts.length} scenarios passed`);
  }
});

function judged(leg: string, checks: Check[] | undefined): Verdict {
  const verdict = judge(checks);
  legs.set(leg, [...(legs.get(leg) ?? []), verdict]);
  return verdict;
}

const PASSED = { passed: true, successes: expect.any(Array) };

/** A client's way in: consent, token, and the proxy that carries it. */
async function behindOAuth(gateway: Gateway): Promise<HeaderProxy & { token: string }> {
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
  const { tokens } = await connect(browser, { scope: READ_SCOPES.join(" ") });
  const proxy = await startHeaderProxy(gateway.url, tokens.access_token);
  return { ...proxy, token: tokens.access_token };
}

const requirements = (version: Revision) => ["--requirements", version, "--timeout", "5000"];

describe("the product itself", () => {
  let gateway: Gateway;
  let proxy: HeaderProxy;
  beforeAll(async () => {
    gateway = await startGateway({ vars: UNLIMITED });
    proxy = await behindOAuth(gateway);
  });
  afterAll(async () => {
    await proxy?.close();
    await gateway?.close();
  });

  describe.each(REVISIONS)("%s", (revision) => {
    let run: SuiteRun;
    beforeAll(async () => {
      run = await runSuite("0.2.0-alpha.12", `${proxy.url}/mcp`, requirements(revision), RUN_MS);
    }, RUN_MS);

    it.each(WITHOUT_FIXTURES[revision])("%s", (scenario) => {
      const leg = `product, ${revision}, 0.2.0-alpha.12`;
      expect(judged(leg, run.scenarios.get(scenario))).toEqual(PASSED);
    });
  });

  it("has no fixture in its bundle", async () => {
    const fixtures = fromRoot("test/conformance/worker/fixtures");
    const names = new Set<string>();
    for (const file of await readdir(fixtures)) {
      const source = await readFile(join(fixtures, file), "utf8");
      for (const [name] of source.matchAll(/\b(test_[a-z0-9_]{4,}|test:\/\/[a-z-]+)/g)) {
        names.add(name);
      }
    }
    expect(names.size).toBeGreaterThan(25);
    const bundle = await readFile(join(inject("workerBundle"), "index.js"), "utf8");
    expect([...names].filter((name) => bundle.includes(name))).toEqual([]);
  });
});

describe("the same endpoint with the suite's fixtures", () => {
  let directory: string;
  let gateway: Gateway;
  let proxy: HeaderProxy & { token: string };
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-conformance-"));
    const bundle = await buildWorker(directory, "test/conformance/worker/entry.ts");
    gateway = await launchGateway({ bundle, vars: UNLIMITED });
    proxy = await behindOAuth(gateway);
  }, RUN_MS);
  afterAll(async () => {
    await proxy?.close();
    await gateway?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("has the fixtures, and nobody gets at them without a token", async () => {
    const { message } = await modern({ url: gateway.url, token: proxy.token }, "tools/list");
    const names = message?.result.tools.map(({ name }: { name: string }) => name);
    expect(names).toContain("test_simple_text");
    expect((await modern({ url: gateway.url, token: "none" }, "tools/list")).status).toBe(401);
  });

  describe.each(REVISIONS)("%s, every required scenario", (revision) => {
    const required = requiredScenarios(revision);
    const expected = EXPECTED_FAILURES[revision];
    let run: SuiteRun;
    beforeAll(async () => {
      run = await runSuite("0.2.0-alpha.12", `${proxy.url}/mcp`, requirements(revision), RUN_MS);
    }, RUN_MS);

    it("ran all that the revision requires", () => {
      expect(required).toHaveLength(REQUIRED_COUNT[revision]);
      expect([...run.scenarios.keys()]).toEqual(expect.arrayContaining(required));
    });

    it.each(required)("%s", (scenario) => {
      const leg = `fixtures, ${revision}, 0.2.0-alpha.12`;
      const verdict = judged(leg, run.scenarios.get(scenario));
      const known = expected[scenario];
      if (known === undefined) expect(verdict).toEqual(PASSED);
      else expect(verdict).toMatchObject({ passed: false, reason: known.verdict });
    });
  });

  it(
    "the stable suite, every scenario that can be passed",
    async () => {
      const scenarios = requiredScenarios("2025-11-25").filter(
        (name) => !STABLE_LEFT_OUT.has(name),
      );
      expect(scenarios).toHaveLength(REQUIRED_COUNT["2025-11-25"] - 5);
      const run = await runSuite("0.1.16", `${proxy.url}/mcp`, ["--suite", "all"], RUN_MS);
      for (const name of scenarios) {
        expect(judged("fixtures, 0.1.16", run.scenarios.get(name)), name).toEqual(PASSED);
      }
    },
    RUN_MS,
  );
});

describe("the authorization server", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.close());

  it(
    "metadata and the code grant, with the owner at the browser",
    async () => {
      const browser = new Browser(gateway.url);
      await signIn(browser, gateway.secrets.OWNER_TOKEN);
      const port = await freePort();
      const { client_id } = await registerClient(gateway.url, {
        redirect_uris: [`http://127.0.0.1:${port}/callback`],
      });
      const opened: URL[] = [];
      const run = await runAuthorizationSuite(
        gateway.url,
        ["--client-id", client_id, "--resource", `${gateway.url}/mcp`, "--port", String(port)],
        SCENARIO_MS,
        async (address) => {
          opened.push(address);
          await fetch(await approve(browser, address));
        },
      );
      expect([...run.scenarios.keys()].sort()).toEqual([
        "authorization-code-grant",
        "authorization-server-metadata-endpoint",
      ]);
      for (const [name, checks] of run.scenarios) {
        expect(judged("authorization server, 0.2.0-alpha.12", checks), name).toEqual(PASSED);
      }
      expect(opened).toHaveLength(1);
      expect(run.exitCode).toBe(0);
    },
    RUN_MS,
  );
});

describe("the judge", () => {
  it.each(REVISIONS)(
    "passes nothing of %s when the server is down",
    async (revision) => {
      const nobody = "http://127.0.0.1:9/mcp";
      const run = await runSuite("0.2.0-alpha.12", nobody, requirements(revision), RUN_MS);
      for (const scenario of requiredScenarios(revision)) {
        expect(judge(run.scenarios.get(scenario)), scenario).toMatchObject({ passed: false });
      }
    },
    RUN_MS,
  );
});
