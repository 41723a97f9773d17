import { createServer } from "node:net";

/** A port that nothing on loopback listens on at this moment. */
export function freePort(): Promise<number> {
  return bindBriefly(0);
}

/** Whether the port can be bound on loopback now. */
export async function isPortFree(port: number): Promise<boolean> {
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
