import { readdir, readFile } from "node:fs/promises";
import { fromRoot } from "../../scripts/lib/paths.ts";

/** One command, snippet or setting that a document shows, as it stands there. */
export interface Example {
  document: string;
  text: string;
  kind: "command" | "json";
}

/** What becomes of an example in the run. */
export type Fate =
  /** Typed as it stands, or with what stands for itself filled in (`as`). */
  | {
      runs: true;
      as?: string[];
      /** Exit code; 0 unless it says otherwise. */
      ends?: number;
      says?: RegExp;
      /** Typed at a terminal of its own, which the PC's own decisions are taken at. */
      types?: string;
    }
  /** Read by what reads it in the product. */
  | { readBy: "external issuers" | "OIDC subjects" | "orders.json" | "a client" }
  /** Run by another test as it is written. */
  | { by: string }
  /** Cannot run here. */
  | { why: string };

const COMMAND = /^(?:[A-Z_]+=\S+ )?(?:npm|npx|claude|curl|openssl|git|node|ibkr-sidecar)\b/;

/** Every example of the README and of docs/, the same one once. */
export async function examplesInDocs(): Promise<Example[]> {
  const names = (await readdir(fromRoot("docs"))).filter((name) => name.endsWith(".md")).sort();
  const found = new Map<string, Example>();
  for (const document of ["README.md", ...names.map((name) => `docs/${name}`)]) {
    for (const example of examplesIn(document, await readFile(fromRoot(document), "utf8"))) {
      if (!found.has(example.text)) found.set(example.text, example);
    }
  }
  return [...found.values()];
}

export function examplesIn(document: string, markdown: string): Example[] {
  const examples: Example[] = [];
  const fence = /^( *)```(\w*)\n([\s\S]*?)^ *```/gm;
  for (const [, indent = "", language, block = ""] of markdown.matchAll(fence)) {
    if (language !== "sh" && language !== "json") continue;
    const text = block.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim();
    examples.push({ document, text, kind: language === "sh" ? "command" : "json" });
  }
  // In a table a stroke is written with a backslash.
  for (const [, span = ""] of markdown.replaceAll(fence, "").matchAll(/`([^`\n]+)`/g)) {
    const text = span.replaceAll("\\|", "|");
    if (COMMAND.test(text)) examples.push({ document, text, kind: "command" });
    else if (isJsonObject(text)) examples.push({ document, text, kind: "json" });
  }
  return examples;
}

function isJsonObject(text: string): boolean {
  if (!text.startsWith("{")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
