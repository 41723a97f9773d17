import { wholeNumber } from "../bytes.ts";
import { EvidenceFault } from "../fault.ts";
import { isCount } from "../merkle/shape.ts";

/** Tiles of C2SP tlog-tiles: a tile is up to 256 hashes wide, and each of its levels spans eight of the tree's. */
export const TILE_WIDTH = 256;
export const TILE_HEIGHT = 8;
export const TILE_LEVEL_MAX = 63;

/** A tile of hashes (`level` 0 to 63), or a bundle of entries. */
export interface TileName {
  readonly level: number | "entries";
  /** Which one of its level, from zero. */
  readonly index: number;
  /** How many hashes or entries it holds, 1 to 256; 256 is a full one. */
  readonly width: number;
}

/** `tile/0/x001/x234/067.p/8`, relative to the log's prefix. Throws `TILE_PATH_INVALID`. */
export function tilePath({ level, index, width }: TileName): string {
  const levelFits = level === "entries" || (isCount(level) && level <= TILE_LEVEL_MAX);
  if (!levelFits || !isCount(index) || !(isCount(width) && width >= 1 && width <= TILE_WIDTH)) {
    throw new EvidenceFault(
      "TILE_PATH_INVALID",
      "A tile has a level, an index and 1 to 256 hashes.",
    );
  }
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g) ?? [];
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${name}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** Reads what {@link tilePath} writes, and nothing else. Throws `TILE_PATH_INVALID`. */
export function parseTilePath(path: string): TileName {
  const [, levelText = "", groups = "", widthText] =
    /^tile\/([a-z0-9]+)\/((?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/([0-9]+))?$/.exec(path) ?? [];
  const level = levelText === "entries" ? "entries" : wholeNumber(levelText);
  const width = widthText === undefined ? TILE_WIDTH : wholeNumber(widthText);
  const index = Number(groups.replace(/[x/]/g, ""));
  if (level === null || width === null || groups === "" || !isCount(index)) throw invalid(path);
  const name: TileName = { level, index, width };
  // Leading groups of zeros, a width of 256 written out, and the like.
  if (tilePath(name) !== path) throw invalid(path);
  return name;
}

/** The tiles of hashes that a log of `size` entries has, level by level, left to right. */
export function* tilesOf(size: number): Generator<TileName & { readonly level: number }> {
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (const { index, width } of row(count)) yield { level, index, width };
  }
}

/** The bundles of entries that a log of `size` entries has, left to right. */
export function* bundlesOf(size: number): Generator<TileName & { readonly level: "entries" }> {
  for (const { index, width } of row(size)) yield { level: "entries", index, width };
}

/** Whether a tile belongs to a log of `size` entries: full, or its partial one at that very size. */
export function isTileOf({ level, index, width }: TileName, size: number): boolean {
  const count = level === "entries" ? size : Math.floor(size / TILE_WIDTH ** level);
  const here = Math.min(count - index * TILE_WIDTH, TILE_WIDTH);
  return here === width;
}

function* row(count: number): Generator<{ index: number; width: number }> {
  for (let index = 0; index * TILE_WIDTH < count; index++) {
    yield { index, width: Math.min(count - index * TILE_WIDTH, TILE_WIDTH) };
  }
}

function invalid(path: string): EvidenceFault {
  return new EvidenceFault("TILE_PATH_INVALID", `This is no tile's path: ${path.slice(0, 80)}.`);
}
