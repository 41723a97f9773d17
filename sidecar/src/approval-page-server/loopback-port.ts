import { createServer } from "node:net";
import * as z from "zod";
import { readPrivateJson, writePrivateJson } from "../config/files.ts";

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
export async function loopbackPort(configDir: string): Promise<number> {
  const stored = storedPort(configDir);
  if (stored !== null) return stored;
  const port = await freePort();
  writePrivateJson(configDir, FILE, { v: 1, port });
  return port;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address === null || typeof address === "string"
          ? reject(new Error("no port"))
          : resolve(address.port),
      );
    });
  });
}
