import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { ALL_SCOPES, BASELINE_SCOPES, READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { encode } from "gpt-tokenizer/encoding/o200k_base";
import { describe, expect, it } from "vitest";
import { type AnswerSize, answersDocument } from "../../test/support/answers-document.ts";
import { fullAnswer } from "../../test/support/full-answer.ts";
import { scripted } from "../../test/support/scripted-exchange.ts";
import { ACCOUNT_TOOLS } from "../../test/support/tool-cases/account.ts";
import { GATEWAY_TOOLS } from "../../test/support/tool-cases/gateway.ts";
import { MARKET_TOOLS } from "../../test/support/tool-cases/market.ts";
import { ORDER_TOOLS } from "../../test/support/tool-cases/orders.ts";
import { ANSWER_MAX_BYTES } from "./answer-pages.ts";
import { callTool } from "./call-tool.ts";
import { listTools, TOOLS } from "./catalogue.ts";

const CASES = { ...ACCOUNT_TOOLS, ...MARKET_TOOLS, ...ORDER_TOOLS, ...GATEWAY_TOOLS };

/** The first arguments of the tool's own cases that ask this operation, without a size. */
function defaultArgs(name: string, operation: string): JsonObject {
  const tool = TOOLS.find((one) => one.name === name);
  const takes = CASES[name]?.rules.flatMap(({ takes: taken = [] }) => taken) ?? [];
  for (const [args] of takes) {
    const { limit: _limit, ...sent } = JSON.parse(JSON.stringify(args ?? {}));
    const prepared = tool?.prepare(sent);
    if (prepared?.ok && prepared.call.operation === operation) return sent;
  }
  throw new Error(`no case of ${name} asks ${operation}`);
}

/** The default answer of a busy account. */
async function sizeOf(name: string, operation: string): Promise<AnswerSize & { failed: boolean }> {
  const { exchange } = scripted((call) => ({
    ok: true,
    audit_seq: 1,
    result: fullAnswer(call.operation, call.input),
  }));
  const asked = { ...exchange, granted: new Set<string>(ALL_SCOPES) };
  const result = await callTool(asked, name, defaultArgs(name, operation));
  return {
    name,
    operation,
    textBytes: Buffer.byteLength(result.content.map(({ text }) => text).join("\n")),
    structureBytes: Buffer.byteLength(JSON.stringify(result.structuredContent)),
    // A preview that may not be asked about is shown as a refusal, with all that was prepared.
    failed: result.isError === true && result.structuredContent.preview === undefined,
  };
}

const EACH = TOOLS.flatMap(({ name, operations }) =>
  operations.map((operation) => ({ name, operation })),
);

describe("the default answer of a busy account takes 8 KB at most", () => {
  it.each(EACH)("$name, $operation", async ({ name, operation }) => {
    const { textBytes, structureBytes, failed } = await sizeOf(name, operation);
    expect(failed).toBe(false);
    expect(textBytes).toBeLessThanOrEqual(ANSWER_MAX_BYTES);
    expect(structureBytes).toBeLessThanOrEqual(ANSWER_MAX_BYTES);
  });
});

const tokens = (value: unknown) => encode(JSON.stringify(value)).length;

/** What `tools/list` cost on 1 December 2026, before it was shortened. */
const LISTS = [
  { choice: "the choice to read", scopes: BASELINE_SCOPES, before: 5_270, most: 4_500 },
  { choice: "every read there is", scopes: READ_SCOPES, before: 6_198, most: 5_300 },
  { choice: "everything", scopes: ALL_SCOPES, before: 11_004, most: 9_700 },
].map(({ scopes, ...list }) => ({ ...list, tools: listTools(new Set<string>(scopes)) }));

/** Names, descriptions and arguments: what hosts put before a model. Hints and titles are for the host. */
const readByModel = (tools: ReturnType<typeof listTools>) =>
  tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));

describe("the list of tools", () => {
  it("costs a model under 4,000 tokens with every read there is", () => {
    const tools = listTools(new Set<string>(READ_SCOPES));
    expect(tokens(readByModel(tools))).toBeLessThan(4_000);
  });

  it.each(LISTS)("costs $choice at most $most tokens", ({ tools, most }) => {
    expect(tokens(tools)).toBeLessThanOrEqual(most);
  });
});

it("docs/answers.md says how much each was before, and is now (--update writes it)", async () => {
  const sizes = await Promise.all(EACH.map(({ name, operation }) => sizeOf(name, operation)));
  const lists = LISTS.map(({ choice, before, tools }) => ({
    choice,
    before,
    tools: tools.length,
    now: tokens(tools),
    read: tokens(readByModel(tools)),
  }));
  await expect(answersDocument(sizes, lists)).toMatchFileSnapshot("../../docs/answers.md");
});
