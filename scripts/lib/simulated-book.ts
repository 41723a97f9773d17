import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type BookJson,
  type BookSaver,
  SavedBook,
} from "@ibkr-edge-gateway/simulator/state/saved-book.ts";
import { writePrivate } from "./data-dir.ts";
import { Sorry } from "./say.ts";

const BOOK = "simulated-book.json";

export interface KeptBook extends BookSaver {
  /** Resolves when all that was to be saved is on the disk. */
  saved(): Promise<void>;
}

/**
 * The simulated broker's positions, cash, orders and fills in a data directory: what was bought
 * yesterday is still held. One write at a time, and only the latest book of those that waited.
 * @throws Sorry for a file that is damaged; it never turns into an empty book.
 */
export async function openSimulatedBook(
  directory: string,
  onFailure: (why: string) => void,
): Promise<KeptBook> {
  const file = join(directory, BOOK);
  const last = await readBook(directory);
  let waiting: BookJson | null = null;
  let writing: Promise<void> | null = null;
  const write = async (): Promise<void> => {
    for (let book = waiting; book !== null; book = waiting) {
      waiting = null;
      await writePrivate(file, book);
    }
  };
  const begin = (): void => {
    writing = write()
      .catch((error: unknown) => {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
        waiting = null;
        onFailure(`The simulated broker's book could not be kept in ${file} (${code}).`);
      })
      .finally(() => {
        writing = null;
        if (waiting !== null) begin();
      });
  };
  return {
    last,
    save: (book) => {
      waiting = book;
      if (writing === null) begin();
    },
    saved: async () => {
      while (writing !== null) await writing;
    },
  };
}

/** What to say of a book that cannot be gone on with. */
export function brokenBook(directory: string, what: string): Sorry {
  return new Sorry(
    `The simulated broker's book ${join(directory, BOOK)} cannot be used: ${what}. ` +
      "Restore it, or move it away: the simulated account then begins as on its first day.",
  );
}

async function readBook(directory: string): Promise<SavedBook | null> {
  let text: string;
  try {
    text = await readFile(join(directory, BOOK), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "ENOENT") return null;
    throw brokenBook(directory, `it cannot be read (${code})`);
  }
  const book = SavedBook.safeParse(jsonOrNull(text));
  if (book.success) return book.data;
  const [issue] = book.error.issues;
  const where = issue === undefined ? "" : ` (${[issue.path.join("."), issue.message].join(": ")})`;
  throw brokenBook(directory, `it is damaged${where}`);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
