import { EvidenceFault } from "../fault.ts";

/** Where an export lies: a folder, an archive, a download. Names are relative, with `/`. */
export interface ExportFiles {
  /** The bytes of a file in parts of any length; null where there is no such file. */
  open(name: string): Promise<AsyncIterable<Uint8Array> | Iterable<Uint8Array> | null>;
}

const SMALL_FILE_MAX_BYTES = 16_777_216;
const LINE_MAX_CHARS = 1_048_576;

/** The whole text of a small file. Throws `FILE_MISSING`, `FILE_TOO_LARGE` or `RECORD_MALFORMED`. */
export async function readText(files: ExportFiles, name: string): Promise<string> {
  let text = "";
  for await (const part of textParts(files, name)) {
    text += part;
    if (text.length > SMALL_FILE_MAX_BYTES) {
      throw new EvidenceFault(
        "FILE_TOO_LARGE",
        `The file ${name} has more than ${SMALL_FILE_MAX_BYTES} bytes.`,
      );
    }
  }
  return text;
}

/** The same; null where there is no such file. */
export async function readTextIfThere(files: ExportFiles, name: string): Promise<string | null> {
  try {
    return await readText(files, name);
  } catch (thrown) {
    if (thrown instanceof EvidenceFault && thrown.code === "FILE_MISSING") return null;
    throw thrown;
  }
}

/** The lines of a file, in parts as they come. Throws as readText, and for a last line without end. */
export async function* linesOf(files: ExportFiles, name: string): AsyncGenerator<string[]> {
  let open = "";
  for await (const part of textParts(files, name)) {
    const lines = (open + part).split("\n");
    open = lines.pop() ?? "";
    if (open.length > LINE_MAX_CHARS) {
      throw new EvidenceFault("RECORD_MALFORMED", `A line of ${name} is too long.`);
    }
    yield lines;
  }
  if (open !== "") {
    throw new EvidenceFault("RECORD_MALFORMED", `The file ${name} ends in the middle of a line.`);
  }
}

async function* textParts(files: ExportFiles, name: string): AsyncGenerator<string> {
  const parts = await files.open(name);
  if (parts === null) throw new EvidenceFault("FILE_MISSING", `The file ${name} is missing.`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new EvidenceFault("RECORD_MALFORMED", `The file ${name} is not UTF-8.`);
    }
  };
  for await (const part of parts) yield decode(part);
  const rest = decode();
  if (rest !== "") yield rest;
}
