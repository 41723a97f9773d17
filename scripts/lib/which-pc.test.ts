import { describe, expect, it } from "vitest";
import { whichPc } from "./which-pc.ts";

const npmStart = { folder: "/data/sidecar", running: true };
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
    const both = { npmStart: { ...npmStart, running }, own };
    expect(whichPc(["kill", "because", "of", "run"], both)).toEqual({
      kind: "in_each",
      folders: [npmStart.folder, own],
    });
  });

  it.each(CHANGES)("%s says which two there are, and does nothing", (...args) => {
    const which = whichPc(args, { npmStart, own });
    expect(which).toMatchObject({
      kind: "refused",
      why: expect.stringContaining("Nothing was done"),
    });
    for (const folder of [npmStart.folder, own]) expect(JSON.stringify(which)).toContain(folder);
  });

  it.each(["status", "doctor"])("%s tells of the one that runs, and names both", (command) => {
    const which = whichPc([command], { npmStart, own });
    expect(which).toMatchObject({ kind: "in", folder: npmStart.folder });
    for (const folder of [npmStart.folder, own]) expect(JSON.stringify(which)).toContain(folder);
    const ended = whichPc([command], { npmStart: { ...npmStart, running: false }, own });
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
      folder: npmStart.folder,
      say: expect.stringContaining(npmStart.folder),
    });
  });

  it.each([["kill"], ["status"], ...CHANGES])(
    "%s is as it is where npm start has none",
    (...args) => {
      expect(whichPc(args, { npmStart: null, own })).toEqual({ kind: "as_it_is", say: null });
    },
  );
});
