import { describe, expect, it } from "vitest";
import { UsageError } from "../config/usage-error.ts";
import { lockBackup, unlockBackup } from "./backup-format.ts";

const PASSPHRASE = "four words nobody says";
const CONTENT = {
  made_at: "2026-11-30T12:00:00.000Z",
  files: [{ name: "device-key.json", data: Buffer.from('{"d":"secret-of-the-key"}') }],
};

describe("a backup", () => {
  const file = lockBackup(CONTENT, PASSPHRASE);

  it("gives back what was put in, under the passphrase in any Unicode form", () => {
    expect(unlockBackup(file, PASSPHRASE)).toEqual(CONTENT);
    const composed = lockBackup(CONTENT, "Käse und Brötchen".normalize("NFC"));
    expect(unlockBackup(composed, "Käse und Brötchen".normalize("NFD"))).toEqual(CONTENT);
  });

  it("shows nothing of what is in it, and is another file each time", () => {
    for (const word of ["device-key", "secret-of-the-key", "made_at"]) {
      expect(file.includes(word)).toBe(false);
    }
    expect(lockBackup(CONTENT, PASSPHRASE).equals(file)).toBe(false);
  });

  it("does not open under another passphrase", () => {
    expect(() => unlockBackup(file, `${PASSPHRASE}.`)).toThrow("passphrase is wrong");
  });

  it.each([
    ["header", (bytes: Buffer) => bytes.indexOf('"salt":"') + 8],
    ["body", (bytes: Buffer) => bytes.indexOf("\n") + 20],
    ["tag", (bytes: Buffer) => bytes.length - 1],
  ])("is refused with one bit of its %s changed", (_part, at) => {
    const changed = Buffer.from(file);
    const where = at(changed);
    changed[where] = (changed[where] ?? 0) ^ 1;
    expect(() => unlockBackup(changed, PASSPHRASE)).toThrow(UsageError);
  });

  it("is refused when it ends early, is empty, or wants more work than this version spends", () => {
    for (const bytes of [file.subarray(0, -1), file.subarray(0, 40), Buffer.alloc(0)]) {
      expect(() => unlockBackup(bytes, PASSPHRASE)).toThrow(UsageError);
    }
    const greedy = Buffer.from(file.toString("latin1").replace("131072", "999999999"), "latin1");
    expect(() => unlockBackup(greedy, PASSPHRASE)).toThrow("no backup");
  });
});
