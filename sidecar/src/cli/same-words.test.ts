import { describe, expect, it } from "vitest";
import { approverFingerprint } from "../trust/tables/approvers.ts";
import { sameWords } from "./same-words.ts";

describe("the six words of a passkey", () => {
  const words = approverFingerprint(new Uint8Array([1, 2, 3]));

  it("are the key's own", () => {
    expect(words.split(" ")).toHaveLength(6);
    expect(approverFingerprint(new Uint8Array([1, 2, 3]))).toBe(words);
    expect(approverFingerprint(new Uint8Array([1, 2, 4]))).not.toBe(words);
  });

  it("may be typed with hyphens, in capitals and with spaces around", () => {
    expect(sameWords(`  ${words.toUpperCase().replaceAll(" ", "-")}\n`, words)).toBe(true);
    expect(sameWords(words.split(" ").slice(0, 5).join(" "), words)).toBe(false);
    expect(sameWords(words.split(" ").toReversed().join(" "), words)).toBe(false);
  });
});
