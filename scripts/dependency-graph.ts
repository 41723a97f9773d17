import { writeDependencyGraph } from "./lib/dependency-graph.ts";

/** Draws who imports whom into CONTRIBUTING.md. */
export async function main(): Promise<void> {
  await writeDependencyGraph();
}
