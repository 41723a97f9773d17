import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { PriorDiscovery } from "@modelcontextprotocol/client";
import { VERSION } from "../config/version.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

type Discovered = Extract<PriorDiscovery, { kind: "modern" }>["discover"];

/** What a gateway said of itself the last time, so that a read need not ask first which protocol it speaks. */
export interface KnownProtocol {
  read(): Promise<Discovered | null>;
  keep(discovered: Discovered): Promise<void>;
  forget(): Promise<void>;
}

const FILE = "gateway-protocol.json";
const KEPT_MS = 24 * 60 * 60_000;

/**
 * Kept in the config folder where that is there already, for a day, for one gateway and this version of
 * the client. It decides nothing but how a read is asked; one that is out of date is asked again anew.
 */
export function knownProtocol(configDir: string, resource: string): KnownProtocol {
  const path = join(configDir, FILE);
  const mark = { resource, client: VERSION };
  return {
    async read() {
      try {
        const kept: unknown = JSON.parse((await readPrivateFile(path)) ?? "null");
        return isKept(kept) && isCurrent(kept, mark) ? kept.discovered : null;
      } catch {
        // Unreadable is as good as absent.
        return null;
      }
    },
    async keep(discovered) {
      if (!existsSync(configDir)) return;
      const text = JSON.stringify({ ...mark, kept_at: Date.now(), discovered });
      // It only saves time: a full disk is no reason to fail.
      await writePrivateFile(path, text).catch(() => undefined);
    },
    forget: () => rm(path, { force: true }).catch(() => undefined),
  };
}

interface Kept {
  resource: unknown;
  client: unknown;
  kept_at: number;
  discovered: Discovered;
}

/** The library checks what it adopts. */
function isKept(value: unknown): value is Kept {
  return (
    typeof value === "object" &&
    value !== null &&
    "kept_at" in value &&
    typeof value.kept_at === "number" &&
    "discovered" in value &&
    typeof value.discovered === "object" &&
    value.discovered !== null
  );
}

function isCurrent(kept: Kept, mark: { resource: string; client: string }): boolean {
  const ageMs = Date.now() - kept.kept_at;
  return (
    kept.resource === mark.resource && kept.client === mark.client && ageMs >= 0 && ageMs < KEPT_MS
  );
}
