import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { createCertificate } from "@ibkr-edge-gateway/simulator/certificate.ts";
import { afterEach, describe, expect, it } from "vitest";
import { parseGatewayAddress } from "./address.ts";
import { memoryPins } from "./certificate-pin.ts";
import { systemClock } from "./clock.ts";
import { NOT_SIMULATOR, proveSimulator } from "./simulator-proof.ts";
import { createTransport, type Transport, TransportError, type WireRequest } from "./transport.ts";

interface Seen {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
  port: number | undefined;
}

let server: Server | null = null;
let transport: Transport | null = null;
afterEach(async () => {
  await transport?.close();
  server?.closeAllConnections();
  await new Promise<void>((resolve) => {
    if (server === null) resolve();
    else server.close(() => resolve());
  });
  server = null;
  transport = null;
});

const seen: Seen[] = [];
type Answer = (request: Seen) => { status: number; body: string; destroy?: boolean } | null;

function listen(made: Server): Promise<number> {
  server = made;
  return new Promise((resolve) => {
    made.listen(0, "127.0.0.1", () => {
      const address = made.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

function handler(answer: Answer): Parameters<typeof createHttp>[1] {
  seen.length = 0;
  return (request, response) => {
    let body = "";
    request.on("data", (bytes) => {
      body += String(bytes);
    });
    request.on("end", () => {
      const one = {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body,
        port: request.socket.remotePort,
      };
      seen.push(one);
      const given = answer(one);
      if (given === null) return;
      if (given.destroy) request.socket.destroy();
      else response.writeHead(given.status, { "content-type": "application/json" }).end(given.body);
    });
  };
}

const get = (more: Partial<WireRequest> = {}): WireRequest => ({
  method: "GET",
  path: "/v1/api/x",
  timeoutMs: 2_000,
  ...more,
});

function dial(
  url: string,
  pins = memoryPins(),
  onlySimulator?: { refused(): void; proved(openAroundTheClock: boolean): void },
): { transport: Transport; trusted: string[] } {
  const trusted: string[] = [];
  transport = createTransport({
    address: parseGatewayAddress(url),
    pins,
    clock: systemClock,
    onFirstUse: (sha256) => trusted.push(sha256),
    ...(onlySimulator === undefined ? {} : { onlySimulator }),
  });
  return { transport, trusted };
}

async function faultOf(work: Promise<unknown>): Promise<[string, boolean]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TransportError) return [error.fault, error.maybeSent];
    throw error;
  }
  throw new Error("did not fail");
}

const ok: Answer = () => ({ status: 200, body: '{"a":1}' });

describe("the transport", () => {
  it("says what it sends: length, type, who asks, and compact JSON", async () => {
    const port = await listen(createHttp(handler(ok)));
    const { transport: wire } = dial(`http://127.0.0.1:${port}`);
    await wire.send(get({ query: { a: "1 2", b: "ü" } }));
    await wire.send(get({ method: "POST" }));
    await wire.send(get({ method: "POST", body: { b: [1, "x"] } }));
    expect(seen.map((one) => [one.method, one.url, one.body])).toEqual([
      ["GET", "/v1/api/x?a=1+2&b=%C3%BC", ""],
      ["POST", "/v1/api/x", ""],
      ["POST", "/v1/api/x", '{"b":[1,"x"]}'],
    ]);
    expect(seen[1]?.headers["content-length"]).toBe("0");
    expect(seen[2]?.headers["content-length"]).toBe("13");
    for (const one of seen) {
      expect(one.headers["user-agent"]).toBe("ibkr-sidecar");
      expect(one.headers.cookie).toBeUndefined();
      expect(one.headers["transfer-encoding"]).toBeUndefined();
      expect(one.headers.expect).toBeUndefined();
    }
  });

  it("keeps a connection for reads, and takes a new one for what must not be repeated", async () => {
    const port = await listen(createHttp(handler(ok)));
    const { transport: wire } = dial(`http://127.0.0.1:${port}`);
    await wire.send(get());
    // A connection is free again a turn after its answer.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await wire.send(get());
    await wire.send(get({ fresh: true, method: "POST", body: {} }));
    await wire.send(get({ fresh: true, method: "POST", body: {} }));
    const ports = seen.map((one) => one.port);
    expect(ports[0]).toBe(ports[1]);
    expect(new Set(ports).size).toBe(3);
    expect(seen[2]?.headers.connection).toBe("close");
  });

  it("never sends anything twice by itself", async () => {
    const port = await listen(createHttp(handler(() => ({ status: 0, body: "", destroy: true }))));
    const { transport: wire } = dial(`http://127.0.0.1:${port}`);
    expect(await faultOf(wire.send(get()))).toEqual(["reset", true]);
    expect(await faultOf(wire.send(get({ method: "POST", body: {}, fresh: true })))).toEqual([
      "reset",
      true,
    ]);
    expect(seen).toHaveLength(2);
  });

  it("tells a refused dial, a timeout, a cancelled call and a flood apart", async () => {
    const port = await listen(
      createHttp(
        handler((one) =>
          one.url?.includes("big") ? { status: 200, body: "x".repeat(9 * 1024 * 1024) } : null,
        ),
      ),
    );
    const { transport: wire } = dial(`http://127.0.0.1:${port}`);
    expect(await faultOf(wire.send(get({ timeoutMs: 80 })))).toEqual(["timeout", true]);
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 30);
    expect((await faultOf(wire.send(get({ signal: gone.signal }))))[0]).toBe("aborted");
    expect((await faultOf(wire.send(get({ path: "/v1/api/big" }))))[0]).toBe("too_large");
    await transport?.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    expect(await faultOf(dial(`http://127.0.0.1:${port}`).transport.send(get()))).toEqual([
      "dial_refused",
      false,
    ]);
  });

  it("trusts the first certificate it meets, shows it, and sends nothing to any other", async () => {
    const first = await createCertificate();
    const pins = memoryPins();
    const port = await listen(createHttps({ key: first.keyPem, cert: first.pem }, handler(ok)));
    const url = `https://127.0.0.1:${port}`;
    const one = dial(url, pins);
    await one.transport.send(get());
    await one.transport.send(get());
    expect(one.trusted).toEqual([first.sha256]);
    expect(pins.get(url)).toBe(first.sha256);
    await one.transport.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));

    const other = await createCertificate();
    const swapped = createHttps({ key: other.keyPem, cert: other.pem }, handler(ok));
    server = swapped;
    await new Promise<void>((resolve) => swapped.listen(port, "127.0.0.1", resolve));
    const two = dial(url, pins);
    for (const more of [{}, { fresh: true, method: "POST" as const, body: {} }]) {
      expect(await faultOf(two.transport.send(get(more)))).toEqual(["certificate_changed", false]);
    }
    expect(seen).toEqual([]);
    expect(two.trusted).toEqual([]);
    pins.set(url, other.sha256, "2026-04-01T00:00:00.000Z");
    expect((await two.transport.send(get())).status).toBe(200);
  });

  it("for the simulator alone, sends nothing to what is not proved to be one, and says so", async () => {
    let refused = 0;
    const proved: boolean[] = [];
    const only = {
      refused: () => void refused++,
      proved: (always: boolean) => void proved.push(always),
    };
    // The mark of the hours is worth nothing on another's certificate.
    const real = await createCertificate({
      organization: "Interactive Brokers LLC",
      marketHours: "always",
    });
    const port = await listen(createHttps({ key: real.keyPem, cert: real.pem }, handler(ok)));
    const url = `https://127.0.0.1:${port}`;
    const { transport: wire, trusted } = dial(url, memoryPins(), only);
    expect(await faultOf(wire.send(get()))).toEqual(["certificate_changed", false]);
    expect(await faultOf(wire.send(get({ fresh: true })))).toEqual(["certificate_changed", false]);
    expect([refused, seen, trusted]).toEqual([2, [], []]);
    await expect(proveSimulator(parseGatewayAddress(url))).rejects.toThrow(NOT_SIMULATOR);
    await expect(proveSimulator(parseGatewayAddress(`http://127.0.0.1:${port}`))).rejects.toThrow(
      NOT_SIMULATOR,
    );
    await wire.close();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));

    await proveSimulator(parseGatewayAddress(url));
    const simulators = await createCertificate({ marketHours: "always" });
    const own = createHttps({ key: simulators.keyPem, cert: simulators.pem }, handler(ok));
    server = own;
    await new Promise<void>((resolve) => own.listen(port, "127.0.0.1", resolve));
    await proveSimulator(parseGatewayAddress(url));
    expect((await dial(url, memoryPins(), only).transport.send(get())).status).toBe(200);
    expect([refused, proved]).toEqual([2, [true]]);
  });

  it("a pin that cannot be read trusts nobody", async () => {
    const certificate = await createCertificate();
    const port = await listen(
      createHttps({ key: certificate.keyPem, cert: certificate.pem }, handler(ok)),
    );
    const broken = {
      get: () => {
        throw new Error("damaged");
      },
      set: () => {},
    };
    const { transport: wire } = dial(`https://127.0.0.1:${port}`, broken);
    expect(await faultOf(wire.send(get()))).toEqual(["certificate_changed", false]);
    expect(seen).toEqual([]);
  });
});
