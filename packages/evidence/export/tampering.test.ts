import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAULTS } from "../fault.ts";
import { anExport, aPolicy, type Folder, NOW_SECONDS } from "../testing/a-log.ts";
import { filesOf } from "../testing/folder.ts";
import { EDITS } from "../testing/tampering/all.ts";
import { LOG } from "../testing/tampering/edits.ts";
import { verifyExport } from "./verify-export.ts";

const verify = async (folder: Folder, since: readonly string[] = []) =>
  verifyExport(filesOf(folder), { policy: await aPolicy(), nowSeconds: NOW_SECONDS, since });

describe.each(Object.entries(EDITS))("somebody who edits %s", (_what, edits) => {
  it.each(edits)("$name: $code", async ({ shown, code, seq, throughSeq }) => {
    const { folder, since } = await shown();
    const { first, outcome, exitCode } = await verify(folder, since);
    expect(first?.code, first?.why).toBe(code);
    expect(outcome).toBe(FAULTS[code]);
    expect(exitCode).toBe(FAULTS[code] === "unchecked" ? 1 : 2);
    if (seq !== undefined) expect(first?.seq).toBe(seq);
    if (throughSeq !== undefined) expect(first?.throughSeq).toBe(throughSeq);
    expect(first?.why).toMatch(/^[A-Z].*[.]$/s);
  });
});

describe("any edit at all", () => {
  it("of one character of entries, head or openings is not verified", async () => {
    const folder = await anExport(LOG, { older: [10, 30] });
    const names = [...folder.keys()].filter((name) =>
      /^(?:entries|openings|checkpoint$)/.test(name),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.constantFrom("0", "a", "Z", "\n", '"', " ", "}", "\u00e9"),
        async (name, place, letter) => {
          const text = folder.get(name) ?? "";
          const at = place % text.length;
          fc.pre(text[at] !== letter);
          const edited = text.slice(0, at) + letter + text.slice(at + 1);
          const { exitCode, first } = await verify(new Map([...folder, [name, edited]]));
          expect(exitCode).not.toBe(0);
          expect(first).not.toBeNull();
        },
      ),
      { numRuns: 400, seed: 20_261_130 },
    );
  });

  it("that cuts a file anywhere is not verified", async () => {
    const folder = await anExport(LOG);
    const names = ["entries/000000000.jsonl", "checkpoint", "export.json"];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), async (name, place) => {
        const text = folder.get(name) ?? "";
        const cut = text.slice(0, place % (text.length - 1));
        expect((await verify(new Map([...folder, [name, cut]]))).exitCode).not.toBe(0);
      }),
      { numRuns: 200, seed: 20_261_130 },
    );
  });

  it("that makes a file anything at all gets a verdict, and is not verified", async () => {
    const folder = await anExport(LOG, { older: [10] });
    const names = [...folder.keys()].filter((name) => name !== "trust.policy");
    const anything = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200 }),
      fc.json(),
      fc.constantFrom("", "\n", "\n\n", "{}\n", "[]", "[".repeat(100_000), `{"format":null}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), anything, async (name, text) => {
        // An export may come without openings.
        fc.pre(!(name === "openings.jsonl" && text === ""));
        const { exitCode } = await verify(new Map([...folder, [name, text]]));
        expect(exitCode).not.toBe(0);
      }),
      { numRuns: 300, seed: 20_261_130 },
    );
  });

  it("is named: more than forty, each by a name of its own", () => {
    const all = Object.values(EDITS).flat();
    expect(all.length).toBeGreaterThanOrEqual(40);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});
