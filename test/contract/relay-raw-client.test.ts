import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { startGateway } from "../support/gateway.ts";
import {
  buildRelayWorker,
  type RelayGateway,
  startRelayGateway,
} from "../support/relay/gateway.ts";
import { pair, rawSidecar } from "../support/relay/raw-sidecar.ts";

const SOURCE = "test/support/relay/raw-sidecar.ts";

let worker: Awaited<ReturnType<typeof buildRelayWorker>>;
let gateway: RelayGateway;

beforeAll(async () => {
  worker = await buildRelayWorker();
  gateway = await startRelayGateway(worker);
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await worker.remove();
});

describe("a client written from the protocol document alone", () => {
  it("is under 200 lines and imports nothing of ours", async () => {
    const text = await readFile(fromRoot(SOURCE), "utf8");
    expect(text.split("\n").length).toBeLessThan(200);
    const imports = [...text.matchAll(/from "([^"]+)"/g)].map(([, from]) => from);
    expect(imports).toEqual(["node:crypto"]);
  });

  it("pairs through the console and connects", async () => {
    const product = await startGateway();
    try {
      const raw = rawSidecar(async () => ({}));
      const paired = await pair(product.url, raw.device, async (code) => {
        await confirmPairingAsOwner(
          { url: product.url, ownerToken: product.secrets.OWNER_TOKEN },
          code,
        );
      });
      const accepted = await raw.connect(paired);
      expect(accepted).toMatchObject({ epoch: 1, last_processed_seq: 0 });
      expect(accepted.capabilities).toContain("broker.read");
      raw.socket().close();
    } finally {
      await product.close();
    }
  });

  it("serves jobs, speaks events, drops and resumes, and nothing is lost or doubled", async () => {
    let executed = 0;
    const raw = rawSidecar(async (operation, input) => {
      if (operation === "test.write") {
        executed += 1;
        if (input.slow) await new Promise((resolve) => setTimeout(resolve, 400));
      }
      return { operation, echo: input };
    });
    const paired = { ...(await gateway.pairKey(raw.device)), origin: gateway.url };
    const first = await raw.connect(paired);

    expect(
      await gateway.job({ operation: "test.read", input: { a: [1, "ü", null] } }),
    ).toMatchObject({ ok: true, result: { operation: "test.read", echo: { a: [1, "ü", null] } } });
    expect(await gateway.job({ operation: "test.write", input: { n: 1 } })).toMatchObject({
      ok: true,
    });
    raw.numbered("broker.alert", { n: 1 });
    await vi.waitFor(() => expect(raw.journal.acked).toBe(2), 3_000);

    // The line drops while a write is under way; its end is told on the next connection.
    const slow = gateway.job({ operation: "test.write", input: { slow: true } });
    await vi.waitFor(() => expect(executed).toBe(2), 3_000);
    raw.socket().close();
    await vi.waitFor(() => expect(raw.log.closes).toHaveLength(1), 3_000);
    raw.numbered("broker.alert", { n: 2 });
    const second = await raw.connect(paired);
    expect(second.session_id).toBe(first.session_id);
    expect(second.epoch).toBe(first.epoch + 1);
    expect(second.resume_token).not.toBe(first.resume_token);
    expect(await slow).toMatchObject({ ok: true, result: { echo: { slow: true } } });
    await vi.waitFor(() => expect(raw.journal.events).toEqual([]), 3_000);
    expect(executed).toBe(2);
    expect(raw.log.frames.map(({ type }) => type)).toContain("session.list_jobs");
    raw.socket().close();
  });
});
