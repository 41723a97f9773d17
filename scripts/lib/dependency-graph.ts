import { readFile, writeFile } from "node:fs/promises";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import { fromRoot, ROOT } from "./paths.ts";

/** Where the picture stands, between two marks. */
export const DOCUMENT = fromRoot("CONTRIBUTING.md");
const BEGIN = "<!-- dependency-graph: npm run dependency-graph -->";
const END = "<!-- /dependency-graph -->";

const FOLDERS = ["src", "durable-objects", "packages", "sidecar/src"];
/** A file's room is the first of these that it lies in; a file above all rooms is in its folder's own. */
const ROOMS = [
  /^packages\/[^/]+/,
  /^durable-objects\/account\/[^/]+(?=\/)/,
  /^durable-objects\/d1/,
  /^sidecar\/src\/[^/]+(?=\/)/,
  /^src\/[^/]+(?=\/)/,
  /^durable-objects|^src/,
];
/** What everybody stands on would hide the rest under its arrows. */
const GROUND = "packages/protocol";

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom, room by room, types included and tests left out, as Mermaid draws it. */
export async function dependencyGraph(): Promise<string> {
  const edges = reduced(await roomEdges());
  const rooms = [...new Set([...edges].flatMap(([from, to]) => [from, ...to]))].sort();
  const id = (room: string) => `r${rooms.indexOf(room)}`;
  const lines = ["```mermaid", "flowchart TB"];
  for (const group of ["src", "durable-objects", "sidecar", "packages"]) {
    lines.push(`  subgraph ${group}`);
    for (const room of rooms.filter((one) => one.split("/")[0] === group))
      lines.push(`    ${id(room)}["${room}"]`);
    lines.push("  end");
  }
  for (const from of rooms)
    for (const to of [...(edges.get(from) ?? [])].sort()) lines.push(`  ${id(from)} --> ${id(to)}`);
  lines.push("```");
  return lines.join("\n");
}

async function roomEdges(): Promise<Edges> {
  const { options } = await extractConfig(fromRoot(".dependency-cruiser.mjs"));
  const { output } = await cruise(FOLDERS, {
    ...options,
    baseDir: ROOT,
    exclude: "\\.test\\.tsx?$|/testing/",
    validate: false,
  });
  const edges = new Map<string, Set<string>>();
  for (const { source, dependencies } of (output as ICruiseResult).modules) {
    const from = roomOf(source);
    if (from === null) continue;
    for (const { resolved } of dependencies) {
      const to = roomOf(resolved);
      if (to === null || to === from || to === GROUND) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  return edges;
}

function roomOf(path: string): string | null {
  for (const room of ROOMS) {
    const [found] = room.exec(path) ?? [];
    if (found !== undefined) return found;
  }
  return null;
}

/** Without the arrows that follow from others; an arrow inside a circle stays. */
function reduced(edges: Edges): Edges {
  const left = new Map([...edges].map(([from, to]) => [from, new Set(to)]));
  for (const [from, targets] of left) {
    for (const to of [...targets]) {
      if (reaches(left, to, from)) continue;
      targets.delete(to);
      if (!reaches(left, from, to)) targets.add(to);
    }
  }
  return left;
}

function reaches(edges: Edges, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let room = open.pop(); room !== undefined; room = open.pop()) {
    for (const next of edges.get(room) ?? []) {
      if (next === to) return true;
      if (!seen.has(next)) open.push(next);
      seen.add(next);
    }
  }
  return false;
}

/** The document with the picture of today in it. */
export async function withDependencyGraph(text: string): Promise<string> {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`CONTRIBUTING.md lacks ${BEGIN} … ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n${await dependencyGraph()}\n${text.slice(end)}`;
}

export async function writeDependencyGraph(): Promise<void> {
  await writeFile(DOCUMENT, await withDependencyGraph(await readFile(DOCUMENT, "utf8")));
}
