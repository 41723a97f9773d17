import { describe, expect, it } from "vitest";
import * as z from "zod";
import { fullOutputSchema, inputSchema, numeric } from "./json-schema.ts";

describe("published schemas", () => {
  it("say of an argument what a caller can use, and not what a double can hold", () => {
    const schema = z.strictObject({
      code: z
        .string()
        .regex(/^[A-Z]+$/)
        .describe("A code"),
      count: numeric(z.int().min(2)).default(5).describe("How many"),
      ids: z
        .array(numeric(z.int().positive().max(99)))
        .min(1)
        .describe("Which"),
      side: z.enum(["buy", "sell"]).describe("Which way"),
      note: z.string().optional().describe("Anything"),
    });
    expect(inputSchema(schema)).toEqual({
      type: "object",
      properties: {
        code: { type: "string", description: "A code" },
        count: { type: "integer", minimum: 2, default: 5, description: "How many" },
        ids: {
          type: "array",
          items: { type: "integer", maximum: 99 },
          description: "Which",
        },
        side: { enum: ["buy", "sell"], description: "Which way" },
        note: { type: "string", description: "Anything" },
      },
      required: ["code", "ids", "side"],
    });
  });

  it("give the whole form of an answer to those who ask", () => {
    const schema = z.strictObject({
      account_id: z.string(),
      name: z.string().max(5).nullable(),
      rows: z.array(z.strictObject({ a: z.int() })),
      state: z.enum(["on", "off"]),
      source: z.string(),
    });
    expect(fullOutputSchema(schema)).toMatchObject({
      required: ["account_id", "name", "rows", "state", "source"],
      additionalProperties: false,
      properties: { state: { enum: ["on", "off"] } },
    });
  });
});

describe("numbers written as text", () => {
  const count = numeric(z.int().min(0).max(1000));

  it.each([
    ["5", 5],
    ["007", 7],
    [5, 5],
  ])("%j is %d", (written, value) => {
    expect(count.parse(written)).toBe(value);
  });

  it.each([
    "",
    " 5",
    "5 ",
    "5.0",
    "1e2",
    "0x10",
    "+5",
    "５",
    "٥",
    "-0x1",
    "Infinity",
    "NaN",
    [],
    null,
  ])("%j is not guessed at", (written) => {
    expect(count.safeParse(written).success).toBe(false);
  });

  it("never rounds: more digits than a double holds exactly are refused", () => {
    const id = numeric(z.int());
    expect(id.safeParse("9007199254740993").success).toBe(false);
    expect(id.safeParse("12345678901234567890").success).toBe(false);
  });
});
