import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sameBytes, utf8 } from "../bytes.ts";
import { formatCheckpoint, parseCheckpointNote } from "../checkpoint/checkpoint.ts";
import { EMPTY_ROOT, hashLeaf } from "../merkle/hash.ts";
import { nodesOfLeaves, treeRoot } from "../merkle/nodes.ts";
import { consistencyProof } from "../merkle/proofs.ts";
import { formatNote } from "../note/note.ts";
import { type NoteSigner, signNote } from "../note/sign.ts";
import { aLogSigner, ORIGIN } from "../testing/a-log.ts";
import {
  formatAddCheckpoint,
  judgeAddCheckpoint,
  parseAddCheckpoint,
  type WitnessedHead,
} from "./add-checkpoint.ts";
import { compareHeads } from "./compare-heads.ts";

const SIZE = 60;
const leaves = (salt: string) =>
  Array.from({ length: SIZE }, (_, n) => hashLeaf(utf8(n < 20 ? `${n}` : `${salt}${n}`)));
/** Two branches that part after twenty entries. */
const branches = { ours: nodesOfLeaves(leaves("a")), theirs: nodesOfLeaves(leaves("b")) };
type Branch = keyof typeof branches;
const rootAt = (branch: Branch, size: number) => treeRoot(size, branches[branch]);

async function request(
  oldSize: number,
  size: number,
  { branch = "ours" as Branch, signers = null as NoteSigner[] | null, proofFrom = oldSize } = {},
) {
  const root = rootAt(branch, size);
  const by = signers ?? [await aLogSigner()];
  const note = await signNote(formatCheckpoint({ origin: ORIGIN, size, root }), by);
  const proof = proofFrom <= size ? consistencyProof(proofFrom, size, branches[branch]) : [];
  return parseAddCheckpoint(formatAddCheckpoint({ oldSize, proof, checkpoint: formatNote(note) }));
}
const keys = async () => [(await aLogSigner()).key];
const held = (size: number): WitnessedHead => ({ size, root: rootAt("ours", size) });

describe("a witness that is asked", () => {
  it("cosigns the first head, one that goes on, and the same one again", async () => {
    expect(await judgeAddCheckpoint(await request(0, 7), await keys(), null)).toEqual({
      act: "cosign",
      status: 200,
      head: held(7),
    });
    for (const size of [7, 8, 60]) {
      const verdict = await judgeAddCheckpoint(await request(7, size), await keys(), held(7));
      expect(verdict).toMatchObject({ act: "cosign", head: { size } });
    }
    const empty = await judgeAddCheckpoint(await request(0, 0), await keys(), null);
    expect(empty).toMatchObject({ act: "cosign", head: { size: 0, root: EMPTY_ROOT } });
  });

  it("refuses everything else by the status of its kind", async () => {
    const strange = await aLogSigner("gw.example/audit/other");
    const wrongKey = await aLogSigner(ORIGIN, 99);
    const judge = async (
      asked: Promise<Awaited<ReturnType<typeof request>>>,
      own: WitnessedHead | null = held(7),
    ) => {
      const verdict = await judgeAddCheckpoint(await asked, await keys(), own);
      return verdict.act === "refuse" ? [verdict.status, verdict.code, verdict.size] : verdict.act;
    };
    const unknown = await judgeAddCheckpoint(await request(0, 7), [strange.key], null);
    expect(unknown).toMatchObject({ status: 404, code: "UNKNOWN_LOG" });
    expect(await judge(request(7, 9, { signers: [wrongKey] }))).toEqual([
      403,
      "BAD_SIGNATURE",
      null,
    ]);
    expect(await judge(request(9, 7))).toEqual([400, "MALFORMED", null]);
    expect(await judge(request(5, 9))).toEqual([409, "OLD_SIZE", 7]);
    expect(await judge(request(5, 9), null)).toEqual([409, "OLD_SIZE", 0]);
    expect(await judge(request(25, 25, { branch: "theirs" }), held(25))).toEqual([
      422,
      "NOT_CONSISTENT",
      null,
    ]);
    expect(await judge(request(25, 30, { branch: "theirs" }), held(25))).toEqual([
      422,
      "NOT_CONSISTENT",
      null,
    ]);
    expect(await judge(request(7, 9, { proofFrom: 6 }))).toEqual([422, "NOT_CONSISTENT", null]);
    expect(await judge(request(0, 9, { proofFrom: 3 }), null)).toEqual([
      422,
      "NOT_CONSISTENT",
      null,
    ]);
  });

  it("takes no body of another form", async () => {
    const { checkpoint } = await request(0, 3);
    const text = formatNote(checkpoint.note);
    const hash = `${"A".repeat(43)}=\n`;
    for (const body of [
      text,
      `old 03\n\n${text}`,
      `old 3\nAAAA\n\n${text}`,
      `old 3\n${hash.repeat(64)}\n${text}`,
      "old 3\n",
    ]) {
      expect(() => parseAddCheckpoint(body)).toThrow();
    }
    expect(parseCheckpointNote(text)).toEqual(checkpoint);
  });

  it("never holds less than it held, nor another branch, whatever it is asked and in which order", async () => {
    const asked = fc.record({
      oldSize: fc.nat(SIZE),
      size: fc.nat(SIZE),
      branch: fc.constantFrom<Branch>("ours", "theirs"),
      honest: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 25 }), async (requests) => {
        let own: WitnessedHead | null = null;
        let branch: Branch | null = null;
        for (const one of requests) {
          const oldSize: number = one.honest ? (own?.size ?? 0) : one.oldSize;
          const before: WitnessedHead | null = own;
          const verdict = await judgeAddCheckpoint(
            await request(oldSize, one.size, one),
            await keys(),
            own,
          );
          if (verdict.act === "refuse") continue;
          own = verdict.head;
          expect(own.size).toBeGreaterThanOrEqual(before?.size ?? 0);
          if (own.size <= 20) continue;
          branch ??= one.branch;
          expect(sameBytes(own.root, rootAt(branch, own.size))).toBe(true);
        }
      }),
      { seed: 20_261_130, numRuns: 60 },
    );
  });
});

describe("a head that is shown to the PC", () => {
  const compare = (size: number, branch: Branch, ownSize: number, withProof = true) =>
    compareHeads(
      { size, root: rootAt(branch, size) },
      held(ownSize),
      (smaller) => rootAt("ours", smaller),
      withProof && size > ownSize ? consistencyProof(ownSize, size, branches[branch]) : null,
    );

  it("is the same, grown, rolled back, forked or unproved", () => {
    expect(compare(30, "ours", 30)).toBe("same");
    expect(compare(40, "ours", 30)).toBe("grown");
    expect(compare(40, "ours", 30, false)).toBe("unproved");
    expect(compare(25, "ours", 30)).toBe("rolled_back");
    expect(compare(0, "ours", 30)).toBe("rolled_back");
    expect(compare(25, "theirs", 30)).toBe("forked");
    expect(compare(30, "theirs", 30)).toBe("forked");
    expect(compare(40, "theirs", 30)).toBe("forked");
  });

  it("is forked exactly when the two logs differ below the smaller of both", () => {
    fc.assert(
      fc.property(fc.nat(SIZE), fc.nat(SIZE), (size, own) => {
        const parted = Math.min(size, own) > 20;
        expect(compare(size, "theirs", own) === "forked").toBe(parted);
        expect(compare(size, "ours", own)).not.toBe("forked");
      }),
      { seed: 20_261_130 },
    );
  });
});
