import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { PAGE_ROUTES } from "../../src/web/routes.ts";

/** `someRoutes.get("/path", …)`, as every router of the Worker is written. */
const MOUNT = /\b(?:\w+Routes|app)\s*\.(get|post|put|patch|delete|all|on)\(\s*([^,)]*)/g;

function mounted(): string[] {
  const files = [
    "src",
    "src/oauth",
    "src/owner",
    "src/web",
    "src/console",
    "src/relay",
    "src/approval-page",
    "src/audit",
  ].flatMap((folder) =>
    readdirSync(fromRoot(folder))
      .filter((name) => /\.tsx?$/.test(name) && !name.includes(".test."))
      .map((name) => fromRoot(`${folder}/${name}`)),
  );
  return files.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(MOUNT)].map(([, method = "", path = ""]) => {
      const literal = /^"([^"]+)"$/.exec(path.trim())?.[1];
      return `${method.toUpperCase()} ${literal ?? `not a literal in ${file}: ${path}`}`;
    }),
  );
}

it("mounts exactly the routes of the table, so that none escapes the cross-tenant tests", () => {
  const declared = PAGE_ROUTES.map(({ method, path }) => `${method} ${path}`);
  const assets = mounted().filter((route) => route.includes("src/console/routes.tsx: path"));
  expect(assets).toHaveLength(1);
  expect(
    mounted()
      .filter((route) => !assets.includes(route))
      .sort(),
  ).toEqual([...declared].sort());
});
