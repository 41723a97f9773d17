import type { Server } from "node:net";

/**
 * Listens on both loopback addresses at one port: browsers turn `localhost` into `::1` first, and
 * whoever listens there would stand at this PC's origin. A machine without IPv6 has one address.
 * Rejects where the port is taken on either; then it listens on neither.
 * @param port 0 takes one that is free on the first address
 */
export async function listenOnLoopback(
  make: () => Server,
  port: number,
): Promise<{ servers: Server[]; port: number }> {
  const servers: Server[] = [];
  let at = port;
  for (const address of ["127.0.0.1", "::1"]) {
    const server = make();
    try {
      at = await listen(server, at, address);
      servers.push(server);
    } catch (error) {
      if (address === "127.0.0.1" || !hasNoIpv6(error)) {
        await Promise.all(servers.map(closed));
        throw error;
      }
    }
  }
  return { servers, port: at };
}

export const isTaken = (error: unknown): boolean => codeOf(error) === "EADDRINUSE";

export const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: address, exclusive: true, ipv6Only: address === "::1" }, () => {
      server.off("error", reject);
      const bound = server.address();
      resolve(bound === null || typeof bound === "string" ? port : bound.port);
    });
  });
}

const hasNoIpv6 = (error: unknown): boolean =>
  ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";
