import { describe, expect, it } from "vitest";
import { anExport, aPolicy, someLog } from "../testing/a-log.ts";
import { filesOf } from "../testing/folder.ts";
import { EDITS } from "../testing/tampering/all.ts";
import { verdictText } from "./verdict-text.ts";
import { verifyExport } from "./verify-export.ts";

const shown = async (name: string): Promise<string> => {
  const edit = Object.values(EDITS)
    .flat()
    .find((one) => one.name === name);
  const { folder, since = [] } = (await edit?.shown()) ?? { folder: new Map() };
  return verdictText(await verifyExport(filesOf(folder), { policy: await aPolicy(), since }));
};

describe("a verdict in words", () => {
  it("says each check, and ends with the outcome", async () => {
    const files = filesOf(await anExport(someLog(3)));
    const text = verdictText(await verifyExport(files, { policy: await aPolicy() }));
    expect(text.split("\n")).toEqual([
      expect.stringMatching(/^ok {6}export: gw\.example\/audit\/\S+, entries 1 to 3 of 3$/),
      "ok      entries: 3 entries, each as it was hashed, numbered without gaps",
      "ok      head: they lead to the head of 3 entries",
      expect.stringMatching(/^ok {6}signatures: signed by the log/),
      "note    events: 3 of version 2",
      "ok      openings: 1 private values are what their entries were made over",
      "Verified: everything that was looked at holds.",
      "",
    ]);
  });

  it("names the first number, why, the code and the file", async () => {
    const text = await shown("changes a word of an entry");
    expect(text).toContain("FAILED  entries: Entry 18 is not the one that was hashed.");
    expect(text.trimEnd().split("\n").at(-1)).toBe(
      "Broken at number 18: Entry 18 is not the one that was hashed. (LEAF_HASH_DIFFERS, entries/000000000.jsonl)",
    );
  });

  it("names a range where nothing narrower is known", async () => {
    const text = await shown("changes an entry and its hash between two heads");
    expect(text).toContain("Broken within numbers 11 to 30: ");
  });

  it("does not call what nobody witnessed verified, nor what was not judged", async () => {
    expect(await shown("takes the witness's signature away")).toContain(
      "Not witnessed: The log has signed",
    );
    const files = filesOf(await anExport(someLog(3)));
    const text = verdictText(await verifyExport(files, { policy: null }));
    expect(text).toContain("Not checked: No policy says whose signatures count");
  });
});
