import { describe, expect, it } from "vitest";
import { type StartedPc, whichPc } from "./which-pc.ts";

const demo: StartedPc = { folder: "/data/sidecar", broker: "simulator", running: true };
const npmStart = [demo];
const own = "/home/o/.config/ibkr-sidecar";
const CHANGES = [
  ["unkill"],
  ["policy", "live", "off"],
  ["approvers", "add"],
  ["mandates", "revoke", "m1"],
  ["requests"],
  ["takeover"],
  ["rotate-key"],
  ["recover"],
];

describe("two PCs on one machine", () => {
  it.each([true, false])("a stop stops both, whether npm start answers (%s) or not", (running) => {
    const both = { npmStart: [{ ...demo, running }], own };
    expect(whichPc(["kill", "because", "of", "run"], both)).toEqual({
      kind: "in_each",
      folders: [demo.folder, own],
    });
  });

  it.each(CHANGES)("%s says which two there are, and does nothing", (...args) => {
    const which = whichPc(args, { npmStart, own });
    expect(which).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("Nothing was done"),
    });
    for (const folder of [demo.folder, own]) expect(JSON.stringify(which)).toContain(folder);
  });

  it.each(["status", "doctor"])("%s tells of the one that runs, and names both", (command) => {
    const which = whichPc([command], { npmStart, own });
    expect(which).toMatchObject({ kind: "in", folder: demo.folder });
    for (const folder of [demo.folder, own]) expect(JSON.stringify(which)).toContain(folder);
    const ended = whichPc([command], { npmStart: [{ ...demo, running: false }], own });
    expect(ended).toMatchObject({ kind: "in", folder: own, say: expect.stringContaining(own) });
  });

  it.each([
    ["kill", "--config-dir", "/x"],
    ["--config-dir=/x", "policy"],
    ["policy", "--help"],
    ["simulator"],
    ["--version"],
  ])("%s %s stays as it is", (...args) => {
    expect(whichPc(args, { npmStart, own })).toEqual({ kind: "as_it_is", say: null });
  });

  it("pair and run are about the one beside npm start, and say so while that runs", () => {
    expect(whichPc(["run"], { npmStart, own })).toMatchObject({
      kind: "as_it_is",
      say: expect.stringContaining("not about the PC of npm start"),
    });
  });
});

describe("one PC", () => {
  it.each([["kill"], ["status"], ...CHANGES])("%s is about that of npm start", (...args) => {
    const which = whichPc(args, { npmStart, own: null });
    expect(which).toMatchObject({
      kind: "in",
      folder: demo.folder,
      say: expect.stringContaining(demo.folder),
    });
  });

  it.each([["kill"], ["status"], ...CHANGES])(
    "%s is as it is where npm start has none",
    (...args) => {
      expect(whichPc(args, { npmStart: [], own })).toEqual({ kind: "as_it_is", say: null });
    },
  );
});

describe("the demo's PC and that of npm start with the owner's own broker", () => {
  const broker: StartedPc = { folder: "/data-broker/sidecar", broker: "own", running: true };
  const quiet = { ...demo, running: false };

  it("a stop stops every one that is set up", () => {
    expect(whichPc(["kill"], { npmStart: [quiet, broker], own })).toEqual({
      kind: "in_each",
      folders: [demo.folder, broker.folder, own],
    });
  });

  it.each(CHANGES)("%s names each of them and does nothing", (...args) => {
    const which = whichPc(args, { npmStart: [quiet, broker], own: null });
    expect(which).toMatchObject({ kind: "refused", why: expect.stringContaining("Two PCs are") });
    expect(JSON.stringify(which)).toContain(`${broker.folder}   the PC of npm start with your own`);
    expect(JSON.stringify(which)).toContain(`${demo.folder}   the PC of npm start, the demo`);
    const three = whichPc(args, { npmStart: [quiet, broker], own });
    expect(three).toMatchObject({ kind: "refused", why: expect.stringContaining("3 PCs are") });
  });

  it("status tells of the one that runs, and of both when both run or none does", () => {
    expect(whichPc(["status"], { npmStart: [quiet, broker], own: null })).toMatchObject({
      kind: "in",
      folder: broker.folder,
      say: expect.stringContaining(demo.folder),
    });
    const folders = [demo.folder, broker.folder];
    for (const running of [true, false]) {
      const both = [demo, broker].map((pc) => ({ ...pc, running }));
      expect(whichPc(["status"], { npmStart: both, own: null })).toEqual({
        kind: "in_each",
        folders,
      });
    }
  });
});
