import { existsSync } from "node:fs";
import { chmod, mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { makeFolders } from "../../sidecar/src/config/make-folders.ts";
import { fromRoot } from "./paths.ts";
import { Sorry } from "./say.ts";
import { type GatewaySecrets, generateSecrets, newEvidenceKey } from "./secrets.ts";

/**
 * What a local gateway keeps between two starts. The parts belong together: a Worker whose secrets
 * are gone cannot be talked to by the sidecar that pinned them, so a part missing is said and not
 * mended in silence.
 */
export interface DataDir {
  path: string;
  worker: string;
  sidecar: string;
  logs: string;
  build: string;
  secrets: GatewaySecrets;
  state: GatewayState;
}

const GatewayState = z.strictObject({
  version: z.literal(1),
  /** Ports of the last start; a start on any free port takes them again when it can. */
  port: z.int().min(1).max(65_535).nullable(),
  simulator_port: z.int().min(1).max(65_535).nullable(),
  /** Address and process while it runs. */
  url: z.url().nullable(),
  pid: z.int().positive().nullable(),
});
export type GatewayState = z.infer<typeof GatewayState>;

const Secrets = z.strictObject({
  OWNER_TOKEN: z.string().min(24),
  EDGE_IDENTITY_KEY: z.string(),
  /** Folders that were made before audit logs were signed have none; the next start makes one. */
  EVIDENCE_KEY: z.string().optional(),
});

const NEW: GatewayState = {
  version: 1,
  port: null,
  simulator_port: null,
  url: null,
  pid: null,
};
const STATE = "gateway.json";
const SECRETS = "secrets.json";
const FOLDERS = ["worker", "sidecar", "logs"] as const;

/** `DATA_DIR`, or a folder in the checkout: the demo's, or that of the owner's own broker. */
export function dataDirPath(env: NodeJS.ProcessEnv, broker: "simulator" | "own"): string {
  const named = env.DATA_DIR;
  return named ? resolve(named) : fromRoot(broker === "own" ? ".data-broker" : ".data");
}

/** Where a local gateway may be: the one folder that is named, or both that are not. */
export function dataDirPaths(env: NodeJS.ProcessEnv): readonly string[] {
  return [...new Set([dataDirPath(env, "simulator"), dataDirPath(env, "own")])];
}

/** Where the PC of a local gateway keeps its keys, pairing and journal. */
export function sidecarFolder(path: string): string {
  return join(path, "sidecar");
}

/** Opens a data directory, making it when there is none or an empty one. */
export async function openDataDir(path: string): Promise<DataDir> {
  const parts = {
    path,
    worker: join(path, "worker"),
    sidecar: sidecarFolder(path),
    logs: join(path, "logs"),
    build: join(path, "build"),
  };
  const present = await contentsOf(path);
  if (present.length === 0) {
    const secrets = await generateSecrets();
    await usable(path, async () => {
      makeFolders(path, 0o700);
      await chmod(path, 0o700);
      for (const folder of FOLDERS) await mkdir(parts[folder], { mode: 0o700 });
      await writePrivate(join(path, SECRETS), secrets);
      await writePrivate(join(path, STATE), NEW);
    });
    return { ...parts, secrets, state: NEW };
  }
  for (const part of [STATE, SECRETS, ...FOLDERS]) {
    if (!present.includes(part)) throw broken(path, `${part} is missing`);
  }
  return {
    ...parts,
    secrets: await secretsOf(path),
    state: await readPart(path, STATE, GatewayState),
  };
}

/** The state of a data directory that another process may own; null when there is none. */
export async function readState(path: string): Promise<GatewayState | null> {
  return existsSync(join(path, STATE)) ? readPart(path, STATE, GatewayState) : null;
}

/** The secrets of a data directory that another process may own; nothing is made. */
export async function readSecrets(path: string): Promise<z.infer<typeof Secrets>> {
  return readPart(path, SECRETS, Secrets);
}

async function secretsOf(path: string): Promise<GatewaySecrets> {
  const kept = await readPart(path, SECRETS, Secrets);
  if (kept.EVIDENCE_KEY !== undefined) return { ...kept, EVIDENCE_KEY: kept.EVIDENCE_KEY };
  const secrets = { ...kept, EVIDENCE_KEY: newEvidenceKey() };
  await writePrivate(join(path, SECRETS), secrets);
  return secrets;
}

export async function writeState(path: string, state: GatewayState): Promise<void> {
  await writePrivate(join(path, STATE), state);
}

/** What to say of a directory that cannot be used as it is. */
export function broken(path: string, what: string): Sorry {
  return new Sorry(
    `The data in ${path} cannot be used: ${what}. Restore it, or move it away to start afresh.`,
  );
}

async function contentsOf(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  return usable(path, () => readdir(path));
}

async function readPart<T>(path: string, part: string, schema: z.ZodType<T>): Promise<T> {
  const text = await usable(path, () => readFile(join(path, part), "utf8"));
  const parsed = schema.safeParse(jsonOrNull(text));
  if (!parsed.success) throw broken(path, `${part} is damaged`);
  return parsed.data;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function usable<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw broken(path, `it cannot be read and written (${code})`);
  }
}

/** Whole or not at all, and for this user's eyes only. */
export async function writePrivate(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    // On the disk before it has the name: a machine that loses power has the old one or the new one.
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
