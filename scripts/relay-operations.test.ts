import { readFileSync, writeFileSync } from "node:fs";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { BROKER_EVENT_TYPES } from "@ibkr-edge-gateway/protocol/relay/messages.ts";
import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { relayOperationsDocument } from "../test/support/relay/operations-document.ts";
import { fromRoot } from "./lib/paths.ts";

const FILE = fromRoot("docs/relay-operations.json");

const Ref = z.strictObject({ $ref: z.string().startsWith("#/$defs/") });
const Document = z.looseObject({
  operations: z.array(z.looseObject({ name: z.string(), input: Ref, result: Ref })),
  events: z.array(z.strictObject({ type: z.string(), name: z.string(), payload: Ref })),
  $defs: z.record(z.string(), z.looseObject({})),
});

describe("the published operations of the relay", () => {
  let text: string;
  beforeAll(() => {
    text = relayOperationsDocument();
    if (process.env.UPDATE_DOCS) writeFileSync(FILE, text);
  });

  it("are those of the code (UPDATE_DOCS=1 writes them)", () => {
    expect(readFileSync(FILE, "utf8") === text, "docs/relay-operations.json is not current").toBe(
      true,
    );
  });

  it("name every operation and every kind of event, and refer to nothing that is missing", () => {
    const document = Document.parse(JSON.parse(text));
    expect(document.operations.map(({ name }) => name)).toEqual(Object.keys(OPERATIONS));
    expect(new Set(document.events.map(({ type }) => type))).toEqual(new Set(BROKER_EVENT_TYPES));
    const named = [...text.matchAll(/"\$ref":"#\/\$defs\/([^"/]+)/g)].map(([, name]) => name);
    expect(named.filter((name) => name === undefined || !(name in document.$defs))).toEqual([]);
  });

  it("say of an order's input what its check says", () => {
    const schema = z.fromJSONSchema(
      JSON.parse(JSON.stringify({ ...resolved(text, "order.cancel.input") })),
    );
    const input = { account_id: "DU1234567", mode: "paper", order_id: "11", coid: "x" };
    for (const value of [input, { ...input, order_id: "-1" }, { ...input, more: 1 }, {}]) {
      expect(schema.safeParse(value).success).toBe(
        OPERATIONS["order.cancel"].input.safeParse(value).success,
      );
    }
  });
});

function resolved(text: string, name: string): object {
  const { $defs } = Document.parse(JSON.parse(text));
  return { ...$defs[name], $defs };
}
