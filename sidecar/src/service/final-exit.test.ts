import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const MODULE = new URL("./final-exit.ts", import.meta.url).href;

function endOf(code: number, env: object): number | null {
  const program = `import { endWellWhenFinal } from ${JSON.stringify(MODULE)};
    endWellWhenFinal(${JSON.stringify(env)}); process.exit(${code});`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", program]).status;
}

it("ends well for a service manager that would start it again for nothing, and for no other", () => {
  const told = { IBKR_SIDECAR_FINAL_EXIT: "0" };
  expect([0, 1, 2, 3].map((code) => endOf(code, told))).toEqual([0, 0, 0, 3]);
  expect(endOf(2, {})).toBe(2);
});
