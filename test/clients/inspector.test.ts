import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { allowAt } from "../support/consent.ts";
import { CALLS, expectAnswers, expectPreviewed, linkIn, PREVIEW, REFUSED } from "./calls.ts";
import { runProgram } from "./program.ts";
import { expireAccessTokens, type Rig, startRig } from "./rig.ts";

/** The Inspector's command line, whose exit codes others build on: 0 done, 3 no access, 5 refused. */
let rig: Rig;
let home: string;
beforeAll(async () => {
  rig = await startRig();
  home = await rig.home();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

const DONE = 0;
const NO_ACCESS = 3;
const TOOL_REFUSED = 5;

/** A person sits there, who lets it open the browser. */
const ATTENDED = { MCP_AUTO_OPEN_ENABLED: "true" };

function run(args: string[], env: Record<string, string> = {}, at = home) {
  return runProgram(
    "@modelcontextprotocol/inspector/clients/launcher/build/index.js",
    [
      ...["--cli", rig.mcp, "--transport", "http", "--format", "json"],
      ...["--callback-url", "http://127.0.0.1:0/oauth/callback"],
      ...args,
    ],
    {
      home: at,
      person: rig.person,
      // Not the keychain of whoever runs the tests.
      env: { MCP_INSPECTOR_SECRET_STORE: "file", MCP_STORAGE_DIR: `${at}/inspector`, ...env },
    },
  );
}
const calling = (tool: string, args: Record<string, unknown>) => [
  ...["--method", "tools/call", "--tool-name", tool],
  ...["--tool-args-json", JSON.stringify(args)],
];
const contents = (out: string): unknown => Called.parse(JSON.parse(out)).result.structuredContent;

describe("Inspector CLI", () => {
  it("ends with 3 where it has no access, and opens no browser where nobody sits", async () => {
    const { code, out, err } = await run(["--method", "tools/list"]);
    expect([code, out, rig.person.opened.length], err).toEqual([NO_ACCESS, "", 0]);
    expect(err).toContain("auth_required");
  }, 60_000);

  it("registers, signs in, calls tools by initialize, and ends with 0 or 5", async () => {
    rig.wire.clear();
    const answers: unknown[] = [];
    for (const [tool, args] of CALLS) {
      const { code, out, err } = await run(calling(tool, args), ATTENDED);
      expect(code, err).toBe(DONE);
      answers.push(contents(out));
    }
    expectAnswers(answers);
    expect(rig.person.opened.length).toBe(1);
    expect(rig.person.failures).toEqual([]);
    expect(rig.wire.registrations().length).toBe(1);
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "authorization_code", resource: rig.mcp }, status: 200 },
    ]);
    expect(rig.wire.handshake()).toEqual({ asked: "2025-11-25", agreed: "2025-11-25" });
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);

    const refused = await run(calling(REFUSED.tool, REFUSED.args));
    expect(refused.code, refused.err).toBe(TOOL_REFUSED);
    expect(contents(refused.out)).toMatchObject({ code: REFUSED.code });
  }, 60_000);

  it("refreshes with nobody there, and calls tools under 2026-07-28", async () => {
    await expireAccessTokens(rig);
    rig.wire.clear();
    const { code, out, err } = await run([
      ...calling("ibkr_health", {}),
      ...["--protocol-era", "modern", "--stored-auth-only"],
    ]);
    expect(code, err).toBe(DONE);
    expect(contents(out)).toMatchObject({ gateway: "ok", sidecar: "online" });
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "refresh_token" }, status: 200 },
    ]);
    expect(rig.wire.handshake()).toBeNull();
    expect(rig.wire.eraOfCalls()).toEqual(["2026-07-28"]);
    expect(rig.person.opened.length).toBe(1);
  }, 60_000);

  it("is told by ibkr_access_request where its owner allows more, and finds the tool once he has", async () => {
    // It calls what tools/list names and nothing else, so it never meets a challenge.
    const unknown = await run(calling(PREVIEW.tool, PREVIEW.args));
    expect(unknown.code).not.toBe(DONE);
    expect(unknown.out + unknown.err).toContain("not found");
    const asked = await run(calling("ibkr_access_request", {}));
    expect(asked.code, asked.err).toBe(DONE);
    rig.wire.clear();
    await allowAt(rig.owner, linkIn(asked.out), "prepare");
    expectPreviewed(contents((await run(calling(PREVIEW.tool, PREVIEW.args))).out));
    expect([rig.wire.tokenRequests(), rig.person.opened.length]).toEqual([[], 1]);
  }, 60_000);

  it("prepares orders from its first call, where that was chosen on the consent page", async () => {
    rig.person.choice = "paper";
    const at = await rig.home();
    expectPreviewed(contents((await run(calling(PREVIEW.tool, PREVIEW.args), ATTENDED, at)).out));
    rig.person.choice = "read";
  }, 60_000);

  it("comes with the address of its own description, and lists tools without a fault", async () => {
    const id = "https://inspector.example/client.json";
    rig.publish(id, {
      client_id: id,
      client_name: "Inspector",
      redirect_uris: ["http://127.0.0.1/oauth/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    });
    rig.wire.clear();
    const { code, out, err } = await run(
      ["--method", "tools/list", "--strict", "--client-metadata-url", id],
      ATTENDED,
      await rig.home(),
    );
    expect(code, err).toBe(DONE);
    expect(out).toContain("ibkr_health");
    expect(rig.wire.registrations()).toEqual([]);
    expect(rig.wire.authorizations()).toMatchObject([{ client_id: id, resource: rig.mcp }]);
    expect(rig.fetched).toContain(id);
    expect(rig.wire.handshake()).toEqual({ asked: "2025-11-25", agreed: "2025-11-25" });
  }, 60_000);
});

const Called = z.object({ result: z.object({ structuredContent: z.unknown() }) });
