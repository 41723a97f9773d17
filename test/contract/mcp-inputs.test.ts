import { request as httpRequest } from "node:http";
import { ALL_SCOPES, SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS } from "../../src/mcp/catalogue.ts";
import { accountOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type Answer, type McpPost, modern, post } from "../support/mcp.ts";
import { Browser, connect, signIn } from "../support/oauth-client.ts";

/**
 * Arguments that no tool may take, tried on every tool that there is: the list comes from the
 * catalogue, so that a new tool cannot be forgotten.
 */
let gateway: Gateway;
let to: McpPost;

beforeAll(async () => {
  gateway = await startGateway({
    vars: { CLIENT_CALLS_PER_MINUTE: "100000", ACCOUNT_CALLS_PER_MINUTE: "100000" },
  });
  const browser = new Browser(gateway.url);
  await signIn(browser, gateway.secrets.OWNER_TOKEN);
  const given = ALL_SCOPES.filter((scope) => SCOPES[scope].tier !== "live");
  const { tokens } = await connect(browser, { scope: given.join(" ") });
  // The live account asks for a passkey and a PC first; what is tried here needs neither.
  await gateway.sql(
    "Account",
    accountOf(browser),
    "UPDATE clients SET scopes = ?",
    JSON.stringify([...ALL_SCOPES].sort()),
  );
  to = { url: gateway.url, token: tokens.access_token };
});
afterAll(() => gateway.close());

const call = (name: string, args: unknown) => modern(to, "tools/call", { name, arguments: args });

function expectRefused(answer: Answer, what: string): void {
  expect(answer.status, what).toBe(200);
  expect(answer.message?.result, what).toMatchObject({
    isError: true,
    // An order's fields have codes of their own.
    structuredContent: {
      code: expect.stringMatching(/^(INPUT|ORDER)_.*(INVALID|REFUSED)$/),
      retryable: false,
    },
  });
}

/** No argument of any tool is one of these. */
const NEVER = [{}, [[]], { $gt: "" }, -1, 1e21, "\u202e", "AAPL\u200b", "a\u0000b", ""];
/** Text that some parser somewhere takes for a number. */
const NO_NUMBER = ["1e309", "1e3", "NaN", "-0.0", "0x10", "1,5", "٣", "5 ", "", "9007199254740993"];

const isInteger = (schema: unknown) =>
  typeof schema === "object" && schema !== null && "type" in schema && schema.type === "integer";

const SPECIAL = ["constructor", "toString", "hasOwnProperty", "valueOf", "prototype"];

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s", (name, tool) => {
  const { inputSchema } = tool.listing();
  const fields = Object.keys(inputSchema.properties ?? {});

  it("refuses names it does not know, own and inherited ones, and other spellings (N46, N48)", async () => {
    const strangers = [
      ...["no_such_argument", "", " ", "account-id", ...SPECIAL],
      ...fields.flatMap((field) => [
        field.toUpperCase(),
        `${field} `,
        field.replace("_", "\u200b_"),
      ]),
    ].filter((stranger) => !fields.includes(stranger));
    await Promise.all(
      strangers.map(async (stranger) => {
        expectRefused(await call(name, { [stranger]: "1" }), JSON.stringify(stranger));
      }),
    );
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"__proto__":{"limit":1}}}}`;
    expect((await post(to, body)).status).toBe(400);
  });

  it("refuses values of another kind for each of its arguments (N47, N48)", async () => {
    for (const [field, schema] of Object.entries(inputSchema.properties ?? {})) {
      const wrong = isInteger(schema) ? [...NEVER, ...NO_NUMBER] : NEVER;
      const answers = await Promise.all(wrong.map((value) => call(name, { [field]: value })));
      for (const [index, answer] of answers.entries()) {
        const value = wrong[index];
        const what = `${field}: ${JSON.stringify(value)}`;
        const refusedFirst = inputSchema.required !== undefined;
        if (field === "cursor" && typeof value === "string" && !refusedFirst) {
          expect(answer.message?.error, what).toMatchObject({ code: -32602 });
        } else expectRefused(answer, what);
      }
    }
  });

  it("refuses arguments that are no object", async () => {
    for (const args of [[], "x", 1, true]) {
      const { message } = await call(name, args);
      const refused = message?.error ?? message?.result?.isError;
      expect(refused, JSON.stringify(args)).toBeTruthy();
    }
  });
});

it("an account that is not the owner's has the same answer as none that exists (N50)", async () => {
  const answers = await Promise.all(
    ["U0000001", "U9999999", "DU1234567"].map((account_id) =>
      call("ibkr_account_summary", { account_id }),
    ),
  );
  const [first, ...others] = answers.map(({ message }) => message?.result);
  expect(first).toMatchObject({ isError: true });
  for (const other of others) expect(other).toEqual(first);
});

it("a request under another name is not served (N42)", async () => {
  for (const host of ["evil.example", "localhost.evil.example", "10.0.0.1"]) {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = httpRequest(
        `${gateway.url}/mcp`,
        { method: "POST", headers: { host, authorization: `Bearer ${to.token}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      sent.on("error", reject);
      sent.end("{}");
    });
    expect([403, 421], host).toContain(status);
  }
});
