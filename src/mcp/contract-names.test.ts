import { SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { refusal, taken } from "../../test/support/tool-input.ts";
import { TOOLS, toolNamed } from "./catalogue.ts";
import { CONTRACT_NAMES } from "./contract-names.ts";
import { objectOf } from "./read-message.ts";

const toolCalled = (name: string) => {
  const tool = toolNamed(name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return tool;
};

const argumentsOf = (tool: (typeof TOOLS)[number]) =>
  objectOf(tool.listing().inputSchema.properties);

/** Every name under which an answer or an argument could hold a contract's number. */
function namesIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, member]) => [name, ...namesIn(member)]);
}

describe("one rule for the names of contracts", () => {
  it.each(TOOLS.map((tool) => [tool.name, tool] as const))("%s holds to it", (_, tool) => {
    const names = Object.keys(argumentsOf(tool)).filter((name) =>
      /con_?id|contract_id/i.test(name),
    );
    // A tool asks about one contract or about several, never by two names.
    expect(names.length).toBeLessThanOrEqual(1);
    for (const name of names) expect(["conid", "conids"]).toContain(name);
    const { conid, conids } = argumentsOf(tool);
    if (conid !== undefined) expect(objectOf(conid).type).toBe("integer");
    if (conids !== undefined) expect(objectOf(conids).type).toBe("array");
    for (const name of namesIn(tool.answerSchemas())) {
      if (/con_?ids?$|contract_id/i.test(name)) expect(CONTRACT_NAMES).toContain(name);
    }
  });

  it("understands the option chain's old name for one version", () => {
    const chain = toolCalled("ibkr_options_chain");
    const now = taken(chain, { conid: 265598 });
    expect(now.input).toMatchObject({ underlying_conid: 265598 });
    expect(taken(chain, { underlying_conid: "265598" })).toEqual(now);
    expect(refusal(chain, { conid: 1, underlying_conid: 2 })).toContain('named here by "conid"');
  });

  it("understands one for a list of one, and a list of one for one, in every read", () => {
    const quotes = toolCalled("ibkr_market_snapshot");
    expect(taken(quotes, { conid: 265598 })).toEqual(taken(quotes, { conids: [265598] }));
    const session = toolCalled("ibkr_market_session");
    expect(taken(session, { conids: [265598] })).toEqual(taken(session, { conid: 265598 }));
  });

  it.each(
    TOOLS.filter((tool) => Object.hasOwn(argumentsOf(tool), "conid")).map(
      (tool) => [tool.name, tool] as const,
    ),
  )("%s refuses several contracts, and a write any other name, with the right name", (_, tool) => {
    const prepared = tool.prepare({ conids: [1, 2] });
    expect(prepared.ok).toBe(false);
    if (!prepared.ok) expect(prepared.failure.message).toMatch(/"?conids?"?/);
    if (tool.scope !== null && SCOPES[tool.scope].tier !== "read") {
      expect(tool.prepare({ conids: [1] }).ok).toBe(false);
    } else expect(refusal(tool, { conids: [1, 2] })).toContain('named here by "conid", one a call');
  });
});
