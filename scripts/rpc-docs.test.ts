import { glob, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { fromRoot } from "./lib/paths.ts";
import { type RpcVerb, rpcVerbs, unsaid } from "./lib/rpc-verbs.ts";

async function everyVerb(): Promise<RpcVerb[]> {
  const verbs: RpcVerb[] = [];
  for await (const found of glob("durable-objects/**/*.ts", { cwd: fromRoot(".") })) {
    const path = found.replaceAll("\\", "/");
    if (path.endsWith(".test.ts")) continue;
    verbs.push(...rpcVerbs({ path, text: await readFile(fromRoot(path), "utf8") }));
  }
  return verbs;
}

describe("every verb that the Worker may call by RPC", () => {
  it("says in a comment what it does, and what null, true and false mean", async () => {
    const verbs = await everyVerb();
    expect(verbs.length).toBeGreaterThan(75);
    for (const name of ["OwnerOrders.approveOrder", "AgentAccount.run", "Pairing.confirm"]) {
      expect(verbs.map((verb) => verb.name)).toContain(name);
    }
    const silent = verbs.flatMap((verb) =>
      unsaid(verb).map((what) => `${verb.path}:${verb.line} ${verb.name} ${what}`),
    );
    expect(silent.sort()).toEqual([]);
  });
});

describe("the rule itself", () => {
  const verbsIn = (body: string, base = "RpcTarget") =>
    rpcVerbs({ path: "a.ts", text: `export class A extends ${base} {\n${body}\n}` });
  const found = (body: string) => verbsIn(body).flatMap(unsaid);

  it("finds a verb without a comment, and one with a comment that is none for readers", () => {
    expect(found("run(): void {}")).toEqual(["has no doc comment"]);
    expect(found("// runs\nrun(): void {}")).toEqual(["has no doc comment"]);
    expect(found("get room(): Room { return x; }")).toEqual(["has no doc comment"]);
    expect(found("/** */\nrun(): void {}")).toEqual(["has no doc comment"]);
  });

  it("finds an answer of which the comment does not say what it means", () => {
    expect(found("/** Runs. */\nrun() {}")).toEqual(["does not write down the type of its answer"]);
    expect(found("/** Runs. */\nasync run(): Promise<string | null> {}")).toEqual([
      "does not say when it answers null",
    ]);
    expect(found("/** Runs. */\nrun(): boolean {}")).toEqual([
      "does not say when it answers true or false",
    ]);
    expect(found("/** Runs; null when it cannot. */\nrun(): string | null {}")).toEqual([]);
    expect(found("/** Runs. */\nrun(): { at: string | null } {}")).toEqual([]);
  });

  it("leaves alone what nobody can call", () => {
    expect(verbsIn("constructor() { super(); }\n#hidden(): void {}\nkept = 1;")).toEqual([]);
    expect(verbsIn("async fetch(): Promise<Response> {}", "DurableObject")).toEqual([]);
    expect(verbsIn("run(): void {}", "Map")).toEqual([]);
  });
});
