import { wrangler } from "../../scripts/lib/wrangler.ts";

/** Time on the CPU until the Worker's script is ready for its first request, as wrangler profiles it. */
export async function startupMs(): Promise<number> {
  const { ok, output } = await wrangler(["check", "startup", "--outfile", "/dev/null"]);
  const active = /Active: ([\d.]+) ms/.exec(output)?.[1];
  if (!ok || active === undefined) throw new Error(`the start-up profile failed:\n${output}`);
  return Number(active);
}
