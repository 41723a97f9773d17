import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { freePort } from "../../scripts/lib/ports.ts";
import { BEYOND, CALLS, CALLS_ON_THE_WIRE, expectAnswers, REFUSED } from "./calls.ts";
import { runProgram } from "./program.ts";
import { expireAccessTokens, type Rig, startRig } from "./rig.ts";

/** mcporter's command line, which is built on SDK v1 and keeps its tokens in a vault of its own. */
let rig: Rig;
let home: string;
let config: string;
beforeAll(async () => {
  rig = await startRig();
  home = await rig.home();
  config = join(home, "mcporter.json");
  await writeFile(
    config,
    JSON.stringify({
      mcpServers: {
        gateway: {
          baseUrl: rig.mcp,
          auth: "oauth",
          // Without a port of its own it registers anew for each run, and forgets what it could refresh.
          oauthRedirectUrl: `http://127.0.0.1:${await freePort()}/callback`,
        },
      },
    }),
  );
}, 60_000);
afterAll(() => rig?.close(), 30_000);

const run = (...args: string[]) =>
  runProgram("mcporter/dist/cli.js", ["--config", config, ...args], { home, person: rig.person });
const call = (tool: string, args: Record<string, unknown>) =>
  run("call", `gateway.${tool}`, "--args", JSON.stringify(args), "--output", "json");

describe("mcporter", () => {
  it("does not get in without a person, and signs in once with one", async () => {
    const alone = await run("call", "gateway.ibkr_health", "--no-oauth");
    expect([alone.code, rig.person.opened.length], alone.err).toEqual([1, 0]);

    const signedIn = await run("auth", "gateway");
    expect([signedIn.code, rig.person.opened.length], signedIn.err).toEqual([0, 1]);
    expect(rig.person.failures).toEqual([]);
    expect(rig.wire.registrations()).toMatchObject([{ token_endpoint_auth_method: "none" }]);
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "authorization_code", resource: rig.mcp }, status: 200 },
    ]);
  }, 60_000);

  it("calls tools down to the broker by initialize, and ends with 1 where one is refused", async () => {
    rig.wire.clear();
    const answers: unknown[] = [];
    for (const [tool, args] of CALLS) {
      const { code, out, err } = await call(tool, args);
      expect(code, err).toBe(0);
      answers.push(JSON.parse(out));
    }
    expectAnswers(answers);
    const refused = await call(REFUSED.tool, REFUSED.args);
    expect(refused.code).toBe(1);
    expect(refused.out).toContain(REFUSED.code);
    expect(rig.wire.handshake()).toEqual({ asked: "2025-11-25", agreed: "2025-11-25" });
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);
    expect(rig.wire.messages().map(({ what }) => what)).toEqual(
      expect.arrayContaining(CALLS_ON_THE_WIRE),
    );
    expect(rig.person.opened.length).toBe(1);
  }, 60_000);

  it("refreshes without a person, and says that it needs access where a scope is missing", async () => {
    await expireAccessTokens(rig);
    rig.wire.clear();
    const refreshed = await call("ibkr_health", {});
    expect(refreshed.code, refreshed.err).toBe(0);
    expect(Health.parse(JSON.parse(refreshed.out))).toEqual({ gateway: "ok", sidecar: "online" });
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "refresh_token", resource: rig.mcp }, status: 200 },
    ]);
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);
    // Its SDK tries a refresh first, which gives it no more than it had, and then gives up.
    const beyond = await call(BEYOND.tool, BEYOND.args);
    expect(beyond.code).toBe(1);
    expect(JSON.parse(beyond.out)).toMatchObject({ issue: { kind: "auth", statusCode: 403 } });
    expect(rig.person.opened.length).toBe(1);
  }, 60_000);
});

const Health = z.object({ gateway: z.string(), sidecar: z.string() });
