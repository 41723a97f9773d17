import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { fromRoot } from "../../scripts/lib/paths.ts";
import type { generateSecrets } from "../../scripts/lib/secrets.ts";
import type { KeptPasskey } from "./software-passkey.ts";

export type OrderName =
  | "filled"
  | "working"
  | "approved_unsent"
  | "pending"
  | "denied"
  | "cancelled";

/** What the run that made the data wrote down of it; see test/fixtures/upgrade/README.md. */
export interface Made {
  account_id: string;
  broker_account: string;
  origin: string;
  passkey: KeptPasskey;
  agent: { client_id: string };
  reader: { client_id: string };
  orders: Record<OrderName, { approval: string; key?: string }>;
  /** Rows of every table of the account's object. */
  counts: Record<string, number>;
}

export interface UpgradeFixture {
  worker: string;
  sidecar: string;
  secrets: Awaited<ReturnType<typeof generateSecrets>>;
  made: Made;
  /** Gives the PC the address at which its gateway is now. */
  movePc(url: string): Promise<void>;
  remove(): Promise<void>;
}

/** Unpacks the data of an earlier version into a folder of its own. */
export async function unpackUpgrade(version: string): Promise<UpgradeFixture> {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-upgrade-"));
  const archive = fromRoot(`test/fixtures/upgrade/${version}.tar.gz`);
  await promisify(execFile)("tar", ["-xzf", archive, "-C", folder]);
  const worker = join(folder, "worker");
  const sidecar = join(folder, "sidecar");
  const read = async (file: string) => JSON.parse(await readFile(join(folder, file), "utf8"));
  const made: Made = await read("made.json");
  keepRegistrations(worker);
  return {
    worker,
    sidecar,
    secrets: await read("secrets.json"),
    made,
    async movePc(url) {
      const file = join(sidecar, "pairing.json");
      const text = await readFile(file, "utf8");
      const socket = (origin: string) => origin.replace(/^http/, "ws");
      await writeFile(
        file,
        text.replaceAll(made.origin, url).replaceAll(socket(made.origin), socket(url)),
      );
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The clients' registrations end by the wall's clock, and a test may run on any day. */
function keepRegistrations(worker: string): void {
  const folder = join(worker, "kv/miniflare-KVNamespaceObject");
  for (const file of readdirSync(folder)) {
    if (file.startsWith("metadata") || !file.endsWith(".sqlite")) continue;
    const db = new DatabaseSync(join(folder, file));
    db.exec("UPDATE _mf_entries SET expiration = NULL WHERE key LIKE 'client:%'");
    db.close();
  }
}
