import { utf8 } from "../bytes.ts";
import type { ExportFiles } from "../export/export-files.ts";
import type { Folder } from "./a-log.ts";

/** Files in memory, handed out in parts that end anywhere, also inside a character. */
export function filesOf(folder: Folder, partBytes = 4_093): ExportFiles {
  return {
    async open(name) {
      const text = folder.get(name);
      return text === undefined ? null : parts(utf8(text), partBytes);
    },
  };
}

function* parts(bytes: Uint8Array, partBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
}
