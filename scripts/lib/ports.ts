import { createServer } from "node:net";
import { Sorry } from "./say.ts";

/** A port that nothing on loopback listens on at this moment. */
export function freePort(): Promise<number> {
  return bindBriefly(0);
}

/** Reads a port from the environment; 0 means any free one. */
export function portSetting(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new Sorry(`${name} must be a port from 0 (any free one) to 65535, not "${text}".`);
  }
  return port;
}

/**
 * The port to listen on: the one that was asked for, or with 0 the one of the last time when it is
 * free still (so that addresses which clients and sidecars keep go on working), or any.
 */
export async function choosePort(
  name: string,
  asked: number,
  lastTime: number | null,
): Promise<number> {
  if (asked === 0) {
    return lastTime !== null && (await isFree(lastTime)) ? lastTime : freePort();
  }
  if (await isFree(asked)) return asked;
  throw new Sorry(
    `Port ${asked} is taken. Stop what listens there, or set ${name} to another port (0 for any free one).`,
  );
}

async function isFree(port: number): Promise<boolean> {
  try {
    await bindBriefly(port);
    return true;
  } catch {
    return false;
  }
}

function bindBriefly(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no port was assigned"));
      });
    });
  });
}
