import type { Sha256 } from "../merkle/hash.ts";
import type { ExportFiles } from "./export-files.ts";
import type { ExportManifest } from "./manifest.ts";
import { openingName, type ReceivedPart, receivedParts } from "./received-parts.ts";
import type { ExportSource } from "./write-export.ts";

/** What became of telling a log's keeper that an export lies here. */
export interface Arrival {
  /** Private values that were erased there since they were exported; what opens them still lies here. */
  readonly erasedMeanwhile: number;
  /** The first range that the keeper did not note, and why; null when it noted all. */
  readonly notNoted: { readonly fromIndex: number; readonly end: number } | null;
}

/**
 * Tells a log's keeper which entries lie in a folder, read back from it: what opens old ones may be
 * erased there only then. Where it says that it holds something else, it is asked for that range anew:
 * what it erased since the export does not make the rest of it another. Rejects with what source and
 * `tell` reject with.
 */
export async function confirmArrival(
  {
    files,
    manifest,
  }: { files: ExportFiles; manifest: Pick<ExportManifest, "fromIndex" | "files"> },
  keeper: {
    readonly source: ExportSource;
    /** Whether what is told is what stands there. */
    readonly tell: (part: { fromIndex: number; end: number; sha256: string }) => Promise<boolean>;
  },
  options: { entriesMax: number; sha256?: Sha256 },
): Promise<Arrival> {
  let erasedMeanwhile = 0;
  for await (const part of receivedParts(files, manifest, options)) {
    const { fromIndex, end, sha256 } = part;
    if (await keeper.tell({ fromIndex, end, sha256 })) continue;
    const now = part.whereErased(await erasedAt(keeper.source, part));
    const noted = now.erased > 0 && (await keeper.tell({ fromIndex, end, sha256: now.sha256 }));
    if (!noted) return { erasedMeanwhile, notNoted: { fromIndex, end } };
    erasedMeanwhile += now.erased;
  }
  return { erasedMeanwhile, notNoted: null };
}

/** The openings of a range that the keeper has no more. */
async function erasedAt(
  source: ExportSource,
  { fromIndex, end }: Pick<ReceivedPart, "fromIndex" | "end">,
): Promise<Set<string>> {
  const names = new Set<string>();
  for (let at = fromIndex; at < end; ) {
    const { entries, openings } = await source.part({ fromIndex: at, toIndex: end });
    if (entries.length === 0) break;
    for (const opening of openings) if (opening.salt === null) names.add(openingName(opening));
    at += entries.length;
  }
  return names;
}
