import { describe, expect, it } from "vitest";
import { concat, utf8 } from "../bytes.ts";
import { faultOf } from "../testing/fault-of.ts";
import { decodeBundle, encodeBundle } from "./bundle.ts";
import { parseTilePath } from "./path.ts";
import { tileHashes } from "./tile.ts";

describe("tiles", () => {
  it.each([
    "tile/0/0",
    "tile/00/000",
    "tile/64/000",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/x000/001",
    "tile/0/1000",
    "tile/0/001/x000",
    "tile/data/000",
    "/tile/0/000",
    "tile/0/000/",
    "tile/0/../000",
  ])("are not at %s", async (path) => {
    expect(await faultOf(() => parseTilePath(path))).toBe("TILE_PATH_INVALID");
  });

  it("have exactly as many hashes as their name says", async () => {
    const tile = { level: 0, index: 0, width: 2 };
    expect(tileHashes(tile, new Uint8Array(64))).toHaveLength(2);
    for (const length of [0, 32, 63, 65, 96]) {
      expect(await faultOf(() => tileHashes(tile, new Uint8Array(length)))).toBe("TILE_LENGTH");
    }
  });

  it("hold bundles that end where their last entry does", async () => {
    const bundle = encodeBundle([utf8("one"), utf8("two")]);
    for (const cut of [bundle.slice(0, -1), bundle.slice(0, 6), concat(bundle, Uint8Array.of(0))]) {
      expect(await faultOf(() => decodeBundle(cut, 2))).toBe("BUNDLE_MALFORMED");
    }
    expect(await faultOf(() => decodeBundle(bundle, 3))).toBe("BUNDLE_MALFORMED");
  });
});
