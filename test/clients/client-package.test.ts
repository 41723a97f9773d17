import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { emitClientTypes } from "../../scripts/lib/client-types.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";

const run = promisify(execFile);
const PACKED_MAX_BYTES = 6 * 1024 * 1024;

/** The client as it is packed, installed from its tarball in an empty folder, with no network. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-client-package-"));
  const packed = join(folder, "package");
  await cp(dirname(inject("clientCli")), join(packed, "dist"), { recursive: true });
  await emitClientTypes(join(packed, "dist/types"));
  const manifest = JSON.parse(await readFile(fromRoot("client/package.json"), "utf8"));
  await writeFile(join(packed, "package.json"), JSON.stringify({ ...manifest, scripts: {} }));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

describe("the client's package", () => {
  it("is small, needs nothing beside Node, and is typed for who imports it", async () => {
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      npm_config_cache: join(folder, "cache"),
      npm_config_offline: "true",
    };
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: join(folder, "package"),
      env,
    });
    const [{ filename, size }] = JSON.parse(stdout);
    expect(size).toBeLessThan(PACKED_MAX_BYTES);
    const home = join(folder, "home");
    await mkdir(home);
    await writeFile(join(home, "package.json"), '{"type":"module","private":true}');
    await run("npm", ["install", "--no-audit", "--no-fund", join(folder, filename)], {
      cwd: home,
      env,
    });

    const bin = join(home, "node_modules/.bin/ibkr");
    expect((await run(bin, ["--version"], { env })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { stdout: help } = await run(bin, ["positions", "list", "--help"], { env });
    expect(help).toContain("\n  ibkr positions list --limit 20");

    await writeFile(
      join(home, "program.ts"),
      [
        'import { connect, type Gateway, IbkrError, type ToolAnswers } from "@ibkr-edge-gateway/client";',
        "export async function read(gateway: Gateway): Promise<string | null | undefined> {",
        '  const answer: ToolAnswers["ibkr_positions_list"] = await gateway.tools.positionsList({ limit: 1 });',
        "  return answer.positions[0]?.market_value;",
        "}",
        'const error = await connect("http://127.0.0.1:9").catch((thrown: unknown) => thrown);',
        "console.log(error instanceof IbkrError ? error.code : error);",
      ].join("\n"),
    );
    await writeFile(
      join(home, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          ...{ strict: true, module: "NodeNext", target: "ES2024", noEmit: true },
          ...{ lib: ["ES2024", "ESNext.Disposable", "DOM"], types: [] },
        },
        files: ["program.ts"],
      }),
    );
    const tsc = fromRoot("node_modules/typescript/bin/tsc");
    const types = await run(process.execPath, [tsc, "-p", home]).catch((error) => error);
    expect(types.stdout).toBe("");
    const ended = await run(process.execPath, ["program.ts"], {
      cwd: home,
      env: { ...process.env, IBKR_CONFIG_DIR: join(folder, "config") },
    });
    expect(ended.stdout).toBe("SIGN_IN_REQUIRED\n");
  }, 120_000);
});
