import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newEcho } from "./announce-approval.ts";
import { machineReach } from "./desktop-and-webhook.ts";

describe("the ways of this machine", () => {
  let server: Server;
  let heard: { type: string | undefined; body: string }[];
  let status: number;
  beforeEach(async () => {
    heard = [];
    status = 200;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += String(chunk);
      });
      request.on("end", () => {
        heard.push({ type: request.headers["content-type"], body });
        response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    server.close();
  });
  const url = () => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return `http://127.0.0.1:${address.port}/hook`;
  };
  const reach = (over: Partial<Parameters<typeof machineReach>[0]> = {}) =>
    machineReach({
      interactive: false,
      write: () => {},
      webhookUrl: null,
      ntfyUrl: null,
      ...over,
    });

  it("write to a terminal and to no pipe", () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text);
    expect(reach({ write }).terminal(["a"])).toBe(false);
    expect(reach({ write, interactive: true }).terminal(["a", "b"])).toBe(true);
    expect(written).toEqual(["\na\nb\n\n"]);
  });

  it("push to the webhook and the topic that the owner set, and to nobody else", async () => {
    expect(await reach().push("title", "text")).toBe(false);
    expect(await reach({ webhookUrl: url(), ntfyUrl: url() }).push("title", "text")).toBe(true);
    expect(heard.toSorted((a, b) => a.body.length - b.body.length)).toEqual([
      { type: "text/plain", body: "title\ntext" },
      { type: "application/json", body: '{"title":"title","text":"text"}' },
    ]);
  });

  it("say that nothing was shown when the push was not taken, or led elsewhere", async () => {
    for (const refused of [500, 302]) {
      status = refused;
      expect(await reach({ webhookUrl: url() }).push("title", "text")).toBe(false);
    }
    expect(heard).toHaveLength(2);
    expect(await reach({ webhookUrl: "http://127.0.0.1:1/" }).push("title", "text")).toBe(false);
  });
});

it("a number has four digits and no leading zero", () => {
  const numbers = Array.from({ length: 500 }, newEcho);
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(1_000);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(9_999);
});
