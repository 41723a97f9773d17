import { Agent, fetch } from "undici";
import type { SimulatorOptions } from "../options.ts";
import { type RunningSimulator, startSimulator } from "../start.ts";

/** A simulator and a plain client of it, for tests: no retries, no pacing, no opinions. */
export interface Bench {
  simulator: RunningSimulator;
  control: RunningSimulator["control"];
  call(method: string, path: string, body?: unknown): Promise<ClientAnswer>;
  get(path: string): Promise<ClientAnswer>;
  post(path: string, body?: unknown): Promise<ClientAnswer>;
  close(): Promise<void>;
}

export interface ClientAnswer {
  status: number;
  contentType: string;
  text: string;
  /** The parsed body; undefined when it is no JSON. */
  json: unknown;
}

/** The first account of the paper login. */
export const PAPER = "DU4815162";

/** Starts a simulator without limits of requests, unless the options set them. */
export async function startBench(options: SimulatorOptions = {}): Promise<Bench> {
  const behaviours = { limits: { enabled: false }, ...options.behaviours };
  const simulator = await startSimulator({ ...options, behaviours });
  const agent = new Agent({ connect: { ca: simulator.certificatePem } });
  const call: Bench["call"] = async (method, path, body) => {
    const response = await fetch(`${simulator.url}/v1/api${path}`, {
      method,
      dispatcher: agent,
      headers: { "User-Agent": "simulator-test", "Content-Type": "application/json" },
      body: method === "GET" || method === "DELETE" ? null : JSON.stringify(body ?? {}),
    });
    const text = await response.text();
    const contentType = response.headers.get("content-type") ?? "";
    return { status: response.status, contentType, text, json: parsed(text) };
  };
  return {
    simulator,
    control: simulator.control,
    call,
    get: (path) => call("GET", path),
    post: (path, body) => call("POST", path, body),
    close: async () => {
      await agent.destroy();
      await simulator.close();
    },
  };
}

/** Reads what a session must have read before orders and market data are answered. */
export async function prime(bench: Bench): Promise<void> {
  await bench.get("/iserver/accounts");
  await bench.get("/portfolio/accounts");
  for (const path of ["/iserver/account/orders", "/iserver/account/trades"]) {
    await bench.get(path);
    await bench.get(path);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
