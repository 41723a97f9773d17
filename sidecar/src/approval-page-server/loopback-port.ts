import { createServer } from "node:net";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../config/private-files.ts";
import { closed, isTaken, listenOnLoopback } from "./loopback-listen.ts";

/**
 * Where this PC serves its own approval page. The port is a part of the origin that its passkey is
 * bound to, so that it is chosen once and kept.
 */
const FILE = "loopback.json";
const Stored = z.strictObject({ v: z.literal(1), port: z.int().min(1_024).max(65_535) });

export const loopbackOrigin = (port: number): string => `http://localhost:${port}`;
export const LOOPBACK_RP_ID = "localhost";

/** The stored port; null where none was chosen yet. */
export const storedPort = (configDir: string): number | null =>
  readPrivateJson(configDir, FILE, Stored)?.port ?? null;

/** The stored port, or one that is free now and stays this PC's. */
export const loopbackPort = async (configDir: string): Promise<number> =>
  storedPort(configDir) ?? (await newLoopbackPort(configDir));

/** Another port than the stored one, which no passkey is bound to yet. */
export async function newLoopbackPort(configDir: string): Promise<number> {
  const port = await freePort();
  writePrivateJson(configDir, FILE, { v: 1, port });
  return port;
}

const DRAWS = 20;

/**
 * A port that can be listened on now on both loopback addresses: it was.
 * @param draws ports to try, in order; 0 is one of the system's choice
 */
export async function freePort(
  draws: readonly number[] = Array<number>(DRAWS).fill(0),
): Promise<number> {
  for (const draw of draws) {
    try {
      const { servers, port } = await listenOnLoopback(createServer, draw);
      await Promise.all(servers.map(closed));
      return port;
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new Error("no port is free on both addresses of localhost");
}
