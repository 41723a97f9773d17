import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { freePort } from "../../scripts/lib/ports.ts";
import { allowAt } from "../support/consent.ts";
import {
  CALLS,
  CALLS_ON_THE_WIRE,
  expectAnswers,
  expectPreviewed,
  linkIn,
  PREVIEW,
  REFUSED,
} from "./calls.ts";
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

  it("refreshes without a person", async () => {
    await expireAccessTokens(rig);
    rig.wire.clear();
    const refreshed = await call("ibkr_health", {});
    expect(refreshed.code, refreshed.err).toBe(0);
    expect(Health.parse(JSON.parse(refreshed.out))).toEqual({ gateway: "ok", sidecar: "online" });
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "refresh_token", resource: rig.mcp }, status: 200 },
    ]);
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);
    expect(rig.person.opened.length).toBe(1);
  }, 60_000);

  it("is told where its owner allows an order tool, and calls it once he has, signed in as before", async () => {
    // Its SDK answers the 403 with a refresh, comes back with the same grant, and gets the link.
    const beyond = await call(PREVIEW.tool, PREVIEW.args);
    expect(beyond.code).toBe(1);
    rig.wire.clear();
    await allowAt(rig.owner, linkIn(beyond.out), "prepare");
    const { out, err } = await call(PREVIEW.tool, PREVIEW.args);
    expectPreviewed(JSON.parse(out || err));
    expect([rig.wire.tokenRequests(), rig.person.opened.length]).toEqual([[], 1]);
  }, 60_000);

  it("prepares orders from its first call, where that was chosen on the consent page", async () => {
    const other = await rig.home();
    const plain = join(other, "mcporter.json");
    // As its documentation begins: an address and nothing about scopes, ports or clients.
    await writeFile(
      plain,
      JSON.stringify({ mcpServers: { gateway: { baseUrl: rig.mcp, auth: "oauth" } } }),
    );
    const at = (...args: string[]) =>
      runProgram("mcporter/dist/cli.js", ["--config", plain, ...args], {
        home: other,
        person: rig.person,
      });
    rig.person.choice = "paper";
    const signedIn = await at("auth", "gateway");
    expect(signedIn.code, signedIn.err).toBe(0);
    const { out, err } = await at(
      ...["call", `gateway.${PREVIEW.tool}`],
      ...["--args", JSON.stringify(PREVIEW.args), "--output", "json"],
    );
    expectPreviewed(JSON.parse(out || err));
  }, 60_000);
});

const Health = z.object({ gateway: z.string(), sidecar: z.string() });
