import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

/**
 * Every name under which a program may look for the browser, as a script that rings here with the
 * address it wants opened.
 */
export interface Doorbell {
  /** Put first on PATH, with BROWSER set to `browser`. */
  directory: string;
  browser: string;
  /** The next address that a program had opened; of those not taken yet, the oldest. */
  next(): Promise<string>;
  close(): Promise<void>;
}

/** `open` on macOS, the others on Linux. */
const NAMES = ["xdg-open", "open", "sensible-browser", "x-www-browser"];

/** The script ends when `onRing` has; without one at once, as a browser's own does. */
export async function startDoorbell(
  directory: string,
  onRing: (url: string) => Promise<void> = async () => undefined,
): Promise<Doorbell> {
  const rung: string[] = [];
  const waiting: ((url: string) => void)[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1").searchParams.get("url") ?? "";
    const taker = waiting.shift();
    if (taker === undefined) rung.push(url);
    else taker(url);
    onRing(url).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was assigned");

  await mkdir(directory, { recursive: true });
  const ring = join(directory, "ring.mjs");
  const door = `http://127.0.0.1:${address.port}/?url=`;
  await writeFile(
    ring,
    `const { ok } = await fetch(${JSON.stringify(door)} + encodeURIComponent(process.argv[2]));\n` +
      "process.exitCode = ok ? 0 : 1;\n",
  );
  for (const name of NAMES) {
    await writeFile(
      join(directory, name),
      `#!/bin/sh\nexec '${process.execPath}' '${ring}' "$1"\n`,
      { mode: 0o755 },
    );
  }
  return {
    directory,
    browser: join(directory, "xdg-open"),
    next: () => {
      const url = rung.shift();
      return url === undefined
        ? new Promise((resolve) => waiting.push(resolve))
        : Promise.resolve(url);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
