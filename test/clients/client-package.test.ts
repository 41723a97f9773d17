import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { emitClientTypes } from "../../scripts/lib/client-types.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type Packed, packed, run } from "../support/packed.ts";

const PACKED_MAX_BYTES = 6 * 1024 * 1024;

let client: Packed;
beforeAll(async () => {
  client = await packed("client", inject("clientCli"));
  await emitClientTypes(join(client.contents, "dist/types"));
}, 120_000);
afterAll(() => client?.close());

describe("the client's package", () => {
  it("is small, needs nothing beside Node, and is typed for who imports it", async () => {
    const { home, bins, env, tarballBytes } = await client.install({ type: "module" });
    expect(tarballBytes).toBeLessThan(PACKED_MAX_BYTES);
    const bin = join(bins, "ibkr");
    expect((await run(bin, ["--version"], { env })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const { stdout: help } = await run(bin, ["positions", "list", "--help"], { env });
    expect(help).toContain("\n  ibkr positions list --limit 20");

    await writeFile(
      join(home, "program.ts"),
      [
        'import { connect, type Gateway, IbkrError, rowsOf, type ToolAnswers } from "@ibkr-edge-gateway/client";',
        "export async function read(gateway: Gateway): Promise<unknown> {",
        '  const answer: ToolAnswers["ibkr_positions_list"] = await gateway.tools.positionsList({ limit: 1 });',
        "  return rowsOf(answer.positions)[0]?.market_value;",
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
      env: { ...process.env, IBKR_CONFIG_DIR: join(client.folder, "config") },
    });
    expect(ended.stdout).toBe("SIGN_IN_REQUIRED\n");
  }, 120_000);
});
