import {
  checkTrusted,
  parseTrustPolicy,
} from "@ibkr-edge-gateway/evidence/checkpoint/trust-policy.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RIG_SECRET, type RigPc, WitnessRig } from "../../../test/support/witness-rig.ts";
import { readSignedLog } from "./tables/signed.ts";
import { findWitness } from "./tables/witnesses.ts";

/** Object and PC as they are, over interleavings of everything that may happen to either. */
const SEED = 20_261_130;

type Act =
  | { do: "append"; events: number }
  | {
      do:
        | "sign"
        | "ship"
        | "evict"
        | "step"
        | "lose_frame"
        | "lose_answer"
        | "reconnect"
        | "pc_restarts"
        | "pc_away"
        | "pc_dies_between_store_and_cosignature";
    }
  | { do: "other_pc"; pc: number };

const acts = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        events: fc.integer({ min: 1, max: 7 }),
      }),
    },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("sign" as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("step" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom(
          "ship" as const,
          "evict" as const,
          "lose_frame" as const,
          "lose_answer" as const,
          "reconnect" as const,
          "pc_restarts" as const,
          "pc_away" as const,
          "pc_dies_between_store_and_cosignature" as const,
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("other_pc" as const), pc: fc.nat(2) }) },
  ),
  { maxLength: 40 },
);

async function play(rig: WitnessRig, script: readonly Act[]): Promise<void> {
  for (const act of script) {
    switch (act.do) {
      case "append":
        rig.append(act.events);
        break;
      case "sign":
        await rig.sign();
        break;
      case "ship":
        rig.ship();
        break;
      case "evict":
        rig.evict();
        break;
      case "step":
        await rig.step();
        break;
      case "lose_frame":
        rig.loseFrame();
        break;
      case "lose_answer":
        rig.loseAnswer();
        break;
      case "reconnect":
        rig.connect(rig.pc);
        break;
      case "pc_restarts":
        rig.pc.restart();
        rig.connect(rig.pc);
        break;
      case "pc_away": {
        const { pc } = rig;
        rig.connect(null);
        rig.append(2);
        await rig.sign();
        rig.connect(pc);
        break;
      }
      case "pc_dies_between_store_and_cosignature":
        rig.pc.diesBeforeSigning = true;
        await rig.step();
        break;
      case "other_pc":
        rig.connect(rig.pcs[act.pc] ?? rig.pc);
        break;
    }
  }
}

const policyOf = (rig: WitnessRig, pc: RigPc) =>
  parseTrustPolicy(
    `log ${readSignedLog(rig.sql)?.vkey}\nwitness pc ${findWitness(rig.sql, pc.id)?.vkey}\nquorum pc\n`,
  );

function neverFalls(pc: RigPc): void {
  expect(pc.sizes).toEqual([...pc.sizes].sort((a, b) => a - b));
}

describe("an honest log and its witnesses", () => {
  it("agree in the end, whatever was lost, ended or swapped on the way, and nobody cries wolf", async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (script) => {
        const rig = new WitnessRig(3);
        rig.append(3);
        await play(rig, script);
        await rig.settle();
        expect(rig.pc.state).toBe("whole");
        expect(rig.pc.size).toBe(rig.signedSize);
        for (const pc of rig.pcs) {
          expect(pc.told).toEqual([]);
          neverFalls(pc);
          // Each keeps a line of its own, and is never ahead of what was signed.
          expect(pc.size).toBeLessThanOrEqual(rig.signedSize);
        }
        const head = rig.cosigned();
        if (head === null) throw new Error("nothing was cosigned");
        expect(head.size).toBe(rig.signedSize);
        const { byWitnesses } = await checkTrusted(head, policyOf(rig, rig.pc));
        expect(byWitnesses).toHaveLength(1);
      }),
      { seed: SEED, numRuns: 120 },
    );
  });

  it("hand over to a new key of the log, also where the PC was away meanwhile", async () => {
    const other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
    const rig = new WitnessRig();
    rig.append(3);
    await rig.settle();
    const { pc } = rig;
    rig.connect(null);
    rig.append(2);
    await rig.sign(other, RIG_SECRET);
    rig.append(2);
    await rig.sign(other);
    rig.connect(pc);
    while (await rig.step());
    expect([pc.state, pc.size, pc.told]).toEqual(["whole", rig.signedSize, []]);
  });
});

describe("an object that was restored from an older state", () => {
  it("gets its end back from the copy, keeps what it wrote meanwhile, and goes on under the PC's eyes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(9),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(5),
        fc.boolean(),
        async (before, lost, since, noticesFirst) => {
          const rig = new WitnessRig();
          rig.append(before + 1);
          await rig.settle();
          const saved = rig.backup();
          rig.append(lost);
          await rig.settle();
          rig.ship();
          const all = rig.events();
          rig.restore(saved);
          rig.append(since);
          const written = rig.events().slice(-since || undefined);
          // Either the PC is shown the older head first, or the object finds its copy ahead.
          if (noticesFirst) {
            const { pc } = rig;
            rig.connect(null);
            rig.append();
            await rig.sign();
            rig.connect(pc);
          } else {
            rig.connect(rig.pc);
            while (await rig.step());
            rig.append();
          }
          await rig.settle();
          expect([rig.pc.state, rig.pc.size]).toEqual(["whole", rig.signedSize]);
          expect(rig.pc.told.map(({ state }) => state)).toEqual(
            noticesFirst ? [] : ["rolled_back"],
          );
          expect(rig.pc.healed).toHaveLength(noticesFirst ? 0 : 1);
          neverFalls(rig.pc);
          const now = rig.events();
          expect(now.slice(0, all.length)).toEqual(all);
          if (since > 0) for (const event of written) expect(now).toContain(event);
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("gets it back however many pages that takes, while it is written to, and after it was broken off", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(3),
        fc.option(fc.integer({ min: 1, max: 40 }), { nil: null }),
        async (lost, page, since, breaksAt) => {
          const rig = new WitnessRig();
          rig.append(3);
          await rig.settle();
          const saved = rig.backup();
          rig.append(lost);
          await rig.settle();
          rig.ship();
          const all = rig.events();
          rig.restore(saved);
          rig.page = page;
          rig.append(since);
          let pages = 0;
          rig.betweenPages = () => {
            if (++pages === breaksAt) throw new Error("D1 is gone");
            rig.append();
          };
          const first = await rig.heal().catch(() => null);
          rig.betweenPages = null;
          if (first === null) rig.evict();
          await rig.settle();
          const now = rig.events();
          expect(now.slice(0, all.length)).toEqual(all);
          // Nothing of what was written meanwhile is lost, and nothing stands twice.
          const written = since + pages - (first === null ? 1 : 0);
          expect(now.length).toBeGreaterThanOrEqual(all.length + written);
          expect(new Set(now.map((event) => JSON.parse(event).event_id)).size).toBe(now.length);
          expect([rig.pc.state, rig.pc.size]).toEqual(["whole", rig.signedSize]);
          neverFalls(rig.pc);
        },
      ),
      { seed: SEED, numRuns: 40 },
    );
  });

  it("changes nothing where the copy does not hash to what it says, on whatever page", async () => {
    const rig = new WitnessRig();
    rig.append(3);
    await rig.settle();
    const saved = rig.backup();
    rig.append(20);
    await rig.settle();
    rig.ship();
    rig.restore(saved);
    rig.page = 4;
    const before = rig.events();
    const last = rig.copy.at(-2);
    if (last === undefined) throw new Error("a copy");
    rig.copy = rig.copy.with(-2, { ...last, event: last.event.replace("{", '{"a":1,') });
    expect(await rig.heal()).toEqual({ outcome: "differs" });
    expect(rig.events()).toEqual(before);
  });

  it("without the copy stays rolled back, cosigned by nobody, until the owner accepts it", async () => {
    const rig = new WitnessRig();
    rig.append(4);
    await rig.settle();
    const saved = rig.backup();
    rig.append(4);
    await rig.settle();
    const { size } = rig.pc;
    rig.restore(saved);
    await rig.settle();
    expect(rig.pc.state).toBe("rolled_back");
    expect(findWitness(rig.sql, rig.pc.id)?.state).toBe("rolled_back");
    expect(rig.pc.size).toBe(size);
    rig.pc.accept();
    rig.append();
    await rig.settle();
    expect([rig.pc.state, rig.pc.size]).toEqual(["whole", rig.signedSize]);
    expect(findWitness(rig.sql, rig.pc.id)?.state).toBe("whole");
  });
});

describe("whoever holds object, copy and key", () => {
  const edits: Record<string, (events: string[], at: number) => string[]> = {
    changes: (events, at) => events.with(at, `${events[at]?.slice(0, -1)},"x":1}`),
    drops: (events, at) => events.toSpliced(at, 1),
    inserts: (events, at) => events.toSpliced(at, 0, events[at] ?? ""),
    swaps: (events, at) => events.toSpliced(at, 2, ...[events[at + 1] ?? "", events[at] ?? ""]),
    truncates: (events, at) => events.slice(0, at + 1),
  };

  for (const [name, edit] of Object.entries(edits)) {
    it(`${name} what the PC cosigned: the PC says so, stays so, and cosigns nothing more`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(5), fc.integer({ min: 0, max: 6 }), async (place, more) => {
          const rig = new WitnessRig();
          rig.append(7);
          await rig.settle();
          const { size } = rig.pc;
          rig.rewrite((events) => edit(events, place));
          rig.append(more);
          await rig.settle();
          const shown = rig.signedSize;
          // A log that only lost its end, and shows that, looks like a restored one until it grows.
          const expected = name === "truncates" && shown < size ? "rolled_back" : "forked";
          if (name === "drops" && shown < size) {
            // It is not known at that size; the next head has to contain it and cannot.
            expect(["rolled_back", "forked"]).toContain(rig.pc.state);
          } else if (name !== "truncates" && shown < size) {
            expect(["rolled_back", "forked"]).toContain(rig.pc.state);
          } else {
            expect(rig.pc.state).toBe(expected);
          }
          rig.append(10);
          await rig.settle();
          expect(rig.pc.state).toBe("forked");
          expect(rig.pc.size).toBe(size);
          expect(findWitness(rig.sql, rig.pc.id)?.state).toBe("forked");
          rig.pc.accept();
          await rig.settle();
          expect([rig.pc.state, rig.pc.size]).toEqual(["whole", rig.signedSize]);
        }),
        { seed: SEED, numRuns: 15 },
      );
    });
  }

  it("begins a log of another name: the PC does not take it for the one it holds", async () => {
    const rig = new WitnessRig();
    rig.append(7);
    await rig.settle();
    const { size } = rig.pc;
    rig.sql.exec("DELETE FROM audit_signed");
    rig.evict();
    rig.append(3);
    await rig.settle();
    expect([rig.pc.state, rig.pc.size]).toEqual(["another_log", size]);
  });

  it("shows two PCs two logs: each is shown what differs when it is asked again", async () => {
    const rig = new WitnessRig(2);
    const [first, second] = rig.pcs;
    if (first === undefined || second === undefined) throw new Error("two PCs");
    rig.append(7);
    await rig.settle();
    rig.connect(second);
    await rig.settle();
    rig.rewrite((events) => events.with(2, `${events[2]?.slice(0, -1)},"x":1}`));
    rig.append(2);
    await rig.settle();
    expect([second.state, first.state]).toEqual(["forked", "whole"]);
    rig.connect(first);
    await rig.settle();
    expect(first.state).toBe("forked");
  });
});
