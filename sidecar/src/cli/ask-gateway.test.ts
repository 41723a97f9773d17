import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { markFenced, markRestored } from "../backup/restored-marker.ts";
import { pairedPc } from "./ask-gateway.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-ask-gateway-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a folder out of a backup", () => {
  it("asks nothing of the gateway in the PC's name before the PC of before is shut out", () => {
    markRestored(folder, "2026-11-30T12:00:00.000Z");
    expect(() => pairedPc(folder)).toThrow("restore --fence");
    markFenced(folder);
    expect(() => pairedPc(folder)).toThrow("is not paired");
  });
});
