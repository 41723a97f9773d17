import { spawnSync } from "node:child_process";
import type { Tool } from "./service-facts.ts";

export interface ToolEnd {
  readonly ok: boolean;
  /** What it said, both ways. */
  readonly said: string;
}

const TOOL_MS = 30_000;

/** Runs a tool of the system to its end. One that is not there has failed, and says so. */
export function runTool([tool, ...args]: Tool): ToolEnd {
  const { status, stdout, stderr, error } = spawnSync(tool, args, {
    encoding: "utf8",
    timeout: TOOL_MS,
    windowsHide: true,
  });
  if (error !== undefined)
    return { ok: false, said: `${tool} could not be run (${error.message})` };
  return { ok: status === 0, said: `${stdout}${stderr}`.trim() };
}
