import { describe, expect, it } from "vitest";
import { utf8 } from "../bytes.ts";
import type { FaultCode } from "../fault.ts";
import { aPolicy, NOW_SECONDS, someLog } from "../testing/a-log.ts";
import { servedLog } from "../testing/served-log.ts";
import { decodeBundle, encodeBundle } from "../tiles/bundle.ts";
import { verifyTiles } from "./verify-tiles.ts";

const LOG = someLog(300);
const verify = async (served: ReadonlyMap<string, Uint8Array>, policy?: string | null) =>
  verifyTiles(
    {
      async open(name) {
        const bytes = served.get(name);
        return bytes === undefined ? null : [bytes.subarray(0, 700), bytes.subarray(700)];
      },
    },
    { policy: policy === undefined ? await aPolicy() : policy, nowSeconds: NOW_SECONDS },
  );

describe("a log as it is served", () => {
  it.each([0, 1, 255, 256, 257, 300])("is verified whole at size %i", async (size) => {
    const verdict = await verify(await servedLog(someLog(size)));
    expect(verdict).toMatchObject({ outcome: "verified", exitCode: 0, first: null });
  });

  it("is not verified without a policy", async () => {
    const verdict = await verify(await servedLog(LOG), null);
    expect(verdict).toMatchObject({ exitCode: 1, first: { code: "POLICY_MISSING" } });
  });

  const bundle = "tile/entries/001.p/44";
  const rebundled = (bytes: Uint8Array, edit: (entries: Uint8Array[]) => Uint8Array[]) =>
    encodeBundle(edit(decodeBundle(bytes, 44)));
  it.each<[string, string, (bytes: Uint8Array) => Uint8Array | null, FaultCode, number | null]>([
    [
      "an entry",
      bundle,
      (bytes) => bytes.map((byte, at) => (at === 400 ? byte ^ 1 : byte)),
      "ROOT_DIFFERS",
      1,
    ],
    [
      "the order",
      bundle,
      (bytes) => rebundled(bytes, (all) => all.toReversed()),
      "ENTRY_OF_ANOTHER_PLACE",
      257,
    ],
    ["a length", bundle, (bytes) => bytes.slice(0, -1), "BUNDLE_MALFORMED", 257],
    [
      "bytes that are no text",
      bundle,
      (bytes) => rebundled(bytes, (all) => all.with(3, Uint8Array.of(0xff))),
      "ENTRY_MALFORMED",
      260,
    ],
    [
      "a full tile",
      "tile/0/000",
      (bytes) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte)),
      "TILE_DIFFERS",
      null,
    ],
    ["a partial tile", "tile/0/001.p/44", (bytes) => bytes.slice(32), "TILE_DIFFERS", null],
    ["an upper tile", "tile/1/000.p/1", (bytes) => bytes.toReversed(), "TILE_DIFFERS", null],
    ["a tile away", "tile/0/000", () => null, "FILE_MISSING", null],
    ["a bundle away", "tile/entries/000", () => null, "FILE_MISSING", 1],
    [
      "the head",
      "checkpoint",
      (bytes) => utf8(new TextDecoder().decode(bytes).replace(/\n300\n/, "\n299\n")),
      "FILE_MISSING",
      257,
    ],
  ])("shows who edits %s", async (_what, name, edit, code, seq) => {
    const served = await servedLog(LOG);
    const edited = edit(served.get(name) ?? new Uint8Array());
    if (edited === null) served.delete(name);
    else served.set(name, edited);
    const { first, exitCode } = await verify(served);
    expect(first).toMatchObject({ code, seq });
    expect(exitCode).not.toBe(0);
  });
});
