import * as z from "zod";
import { ScannerParams, scannerParams } from "../client-portal/endpoints/scanner.ts";
import { unreadable } from "../client-portal/read-failure.ts";
import { readPrivateJson, writePrivateJson } from "../config/private-files.ts";
import type { OperationContext } from "./operation-context.ts";

/**
 * The scanner's parameters: large, slow to change, and to be had once a quarter of an hour at
 * most. They are kept on disk as the broker sent them, and renewed when a week old.
 */
const KEPT_FOR_MS = 7 * 86_400_000;

const KeptParams = z.strictObject({
  v: z.literal(1),
  source: z.enum(["client_portal", "simulator"]),
  fetched_at: z.number(),
  params: z.unknown(),
});

export interface ReadParams {
  params: ScannerParams;
  at: number;
  from: "broker" | "cache" | "stale";
}

export async function readScannerParams(context: OperationContext): Promise<ReadParams> {
  const name = `scanner-params.${context.source}.json`;
  const kept = readKept(context.configDir, name);
  const age = kept === null ? Number.POSITIVE_INFINITY : context.clock.now() - kept.at;
  if (kept !== null && age >= 0 && age < KEPT_FOR_MS) return kept;
  try {
    const answer = await context.ask(scannerParams);
    const parsed = ScannerParams.safeParse(answer.value);
    if (!parsed.success) throw unreadable("scanner.params", parsed.error.issues[0]?.code ?? "");
    writePrivateJson(context.configDir, name, {
      v: 1,
      source: context.source,
      fetched_at: answer.at,
      params: answer.value,
    });
    return { params: parsed.data, at: answer.at, from: answer.from };
  } catch (error) {
    if (kept !== null) return { ...kept, from: "stale" };
    throw error;
  }
}

function readKept(configDir: string, name: string): ReadParams | null {
  try {
    const file = readPrivateJson(configDir, name, KeptParams);
    if (file === null) return null;
    const parsed = ScannerParams.safeParse(file.params);
    return parsed.success ? { params: parsed.data, at: file.fetched_at, from: "cache" } : null;
  } catch {
    // A damaged copy is fetched anew.
    return null;
  }
}
