import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { gatewayAccountIdOf } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { LEASE_REFRESH_BEFORE_MS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { encodeFrame } from "@ibkr-edge-gateway/protocol/relay/frame-codec.ts";
import { CLOSE } from "@ibkr-edge-gateway/protocol/relay/relay-errors.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import WebSocket from "ws";
import {
  buildRelayWorker,
  type RelayGateway,
  startRelayGateway,
  TEST_ACCOUNT,
} from "../support/relay/gateway.ts";
import { liveSidecar, memoryDeviceKey } from "../support/relay/live-sidecar.ts";
import { type LoopbackProxy, startProxy } from "../support/relay/loopback-proxy.ts";
import { rawSidecar } from "../support/relay/raw-sidecar.ts";

/** The guarantees that need a real socket, a real object and its real sleep to mean anything. */
let worker: Awaited<ReturnType<typeof buildRelayWorker>>;
let gateway: RelayGateway;
let proxy: LoopbackProxy;
const running: Awaited<ReturnType<typeof liveSidecar>>[] = [];

beforeAll(async () => {
  worker = await buildRelayWorker();
  proxy = await startProxy(() => gateway.port);
  // The proxy's port is another name under which requests arrive.
  gateway = await startRelayGateway(worker, {
    vars: { ALLOWED_HOSTS: `localhost:${proxy.port}` },
  });
}, 60_000);

afterEach(async () => {
  proxy.stall(false);
  proxy.refuse(false);
  for (const sidecar of running.splice(0)) await sidecar.stop();
});

afterAll(async () => {
  await proxy.close();
  await gateway.close();
  await worker.remove();
});

async function sidecar(options: Parameters<typeof liveSidecar>[1] = {}) {
  const live = await liveSidecar(gateway, options);
  running.push(live);
  await live.start();
  return live;
}

const read = (input = {}, deadlineMs = 10_000) =>
  gateway.job({ operation: "test.read", input, deadlineMs });
const write = (input = {}, more = {}) => gateway.job({ operation: "test.write", input, ...more });

/** The header of an upgrade, by the key of a PC that is paired. */
async function opener(key = memoryDeviceKey(), typ: "upgradeToken" | "openToken" = "upgradeToken") {
  const { sidecar_id } = await gateway.pairKey(key.publicKey);
  const jti = ulid(Date.now());
  const claims = { audience: gateway.url, subject: sidecar_id, nowMs: Date.now(), jti };
  return { sidecar_id, headers: { Authorization: `Bearer ${await key[typ](claims)}` } };
}

const openFrame = (sidecar_id: string, token: string): string =>
  encodeFrame({
    id: ulid(Date.now()),
    type: "session.open",
    now: Date.now(),
    payload: {
      auth: { scheme: "signed_jwt", token },
      client: { kind: "raw", version: "1", fingerprint: "", principal: sidecar_id },
      capabilities: [],
      journal: { id: "j", oldest_seq: 1, newest_seq: 0 },
    },
  });

/** A bare socket that says what it is told to. */
function bare(account = TEST_ACCOUNT, headers: Record<string, string> = {}) {
  const address = `${gateway.url.replace("http", "ws")}/relay/${account}`;
  const socket = new WebSocket(address, "ibkr-relay.v1", { headers });
  const texts: string[] = [];
  socket.on("message", (data) => texts.push(String(data)));
  const closed = new Promise<number>((resolve) => socket.on("close", resolve));
  const opened = new Promise<number>((resolve) => {
    socket.on("open", () => resolve(101));
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
    socket.on("error", () => undefined);
  });
  return { socket, texts, closed, opened };
}

describe("a live session", () => {
  it("serves reads and writes, and large results, over a real socket", async () => {
    const live = await sidecar();
    expect(await read()).toMatchObject({ ok: true });
    expect(await write()).toMatchObject({ ok: true });
    expect(live.executor.executed).toHaveLength(1);
    const large = await read({ size: 3_000_000 });
    expect(large).toMatchObject({ ok: true });
    expect(large.ok && JSON.stringify(large.result).length).toBeGreaterThan(3_000_000);
  });

  it("survives the object being thrown out of memory, without a new connection", async () => {
    const live = await sidecar();
    const before = live.link.state().dial;
    await gateway.evict(TEST_ACCOUNT, "hibernate");
    expect(await read()).toMatchObject({ ok: true });
    live.executor.emit({ n: 1 });
    await vi.waitFor(() => expect(live.link.state().journal.ackedSeq).toBe(1));
    await gateway.evict(TEST_ACCOUNT, "hibernate");
    expect(await write()).toMatchObject({ ok: true });
    expect(live.link.state().dial).toBe(before);
  });

  it("comes back within 300 ms after its socket broke with the object, and resumes", async () => {
    const live = await sidecar();
    const { link } = live.link.state();
    await gateway.evict(TEST_ACCOUNT, "close");
    const began = performance.now();
    await vi.waitFor(
      () => {
        const now = live.link.state().link;
        expect(now.kind === "live" && now !== link).toBe(true);
      },
      { interval: 2 },
    );
    expect(performance.now() - began).toBeLessThan(1_000);
    const resumed = live.link.state().link;
    expect(link.kind === "live" && resumed.kind === "live" && resumed.session.id).toBe(
      link.kind === "live" ? link.session.id : "",
    );
    expect(await read()).toMatchObject({ ok: true });
  });

  it("pings are answered while the object sleeps, and do not wake it", async () => {
    const raw = rawSidecar(async () => ({}));
    await raw.connect({ ...(await gateway.pairKey(raw.device)), origin: gateway.url });
    // The audit log is copied by an alarm; what wakes the object then is not the ping.
    await vi.waitFor(async () => {
      const [row] = await gateway.sql<{ waiting: number }>(
        "Account",
        TEST_ACCOUNT,
        "SELECT MAX(seq) - (SELECT shipped_seq FROM audit_outbox) AS waiting FROM audit_log",
      );
      expect(row?.waiting).toBe(0);
    }, 8_000);
    await gateway.evict(TEST_ACCOUNT, "hibernate");
    for (let n = 0; n < 20; n += 1) {
      raw.socket().send("ping");
      await sleep(20);
    }
    await vi.waitFor(() => expect(raw.log.pongs).toBe(20));
    const answeredAt = Date.now();
    // Whoever asks wakes it; nothing before did.
    const { wokenAt } = await gateway.rpc<{ wokenAt: number }>("testLife");
    expect(wokenAt).toBeGreaterThanOrEqual(answeredAt);
    expect(await gateway.rpc("testPresence")).toMatchObject({ online: true });
    raw.socket().close();
  });
});

describe("the lease on a real object", () => {
  it("is renewed in band by the alarm, on the same connection", async () => {
    const live = await sidecar();
    const soon = Date.now() + LEASE_REFRESH_BEFORE_MS + 700;
    await gateway.sql(
      "Account",
      TEST_ACCOUNT,
      "UPDATE relay_session SET record = json_set(record, '$.leaseExpiresAt', ?)",
      soon,
    );
    // The object has to read it anew, and any step sets its alarm.
    await gateway.evict(TEST_ACCOUNT, "hibernate");
    expect(await read()).toMatchObject({ ok: true });
    const { dial } = live.link.state();
    await vi.waitFor(async () => {
      const [row] = await gateway.sql<{ until: number }>(
        "Account",
        TEST_ACCOUNT,
        "SELECT json_extract(record, '$.leaseExpiresAt') AS until FROM relay_session",
      );
      expect(row?.until).toBeGreaterThan(soon + 3_600_000);
    }, 8_000);
    expect(live.link.state().dial).toBe(dial);
    expect(await read()).toMatchObject({ ok: true });
  });
});

describe("a line that breaks", () => {
  it("a read in flight is asked once more and answered within its deadline", async () => {
    const live = await sidecar({ port: proxy.port });
    const slow = read({ after: 600 });
    await vi.waitFor(() => expect(live.link.state().jobs.size).toBe(1));
    proxy.cut();
    expect(await slow).toMatchObject({ ok: true });
  });

  it("a read fails within a second when the sidecar is gone for good", async () => {
    const live = await sidecar();
    const slow = read({ after: 30_000 }, 20_000);
    await vi.waitFor(() => expect(live.link.state().jobs.size).toBe(1));
    const began = performance.now();
    void live.link.stop("gone");
    expect(await slow).toMatchObject({ ok: false, code: "UNAVAILABLE", outcome: "not_executed" });
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it("a write under way is executed once, and its end is told on the next connection", async () => {
    const live = await sidecar({ port: proxy.port });
    const slow = write({ after: 300 }, { deadlineMs: 10_000 });
    await vi.waitFor(() => expect(live.executor.executed).toHaveLength(1));
    proxy.cut();
    expect(await slow).toMatchObject({ ok: true });
    expect(live.executor.executed).toHaveLength(1);
  });

  it("a write whose object restarts is settled from the journal afterwards", async () => {
    const live = await sidecar({ port: proxy.port });
    const jobId = ulid(Date.now());
    const lost = write({ after: 300 }, { jobId, deadlineMs: 1_000 }).catch(
      () => "the caller was cut off",
    );
    await vi.waitFor(() => expect(live.executor.executed).toEqual([jobId]));
    await gateway.evict(TEST_ACCOUNT, "close");
    await lost;
    await vi.waitFor(async () => {
      const [row] = await gateway.sql<{ record: string; settled_at: number | null }>(
        "Account",
        TEST_ACCOUNT,
        "SELECT record, settled_at FROM relay_jobs WHERE job_id = ?",
        jobId,
      );
      expect(row?.settled_at).not.toBeNull();
      expect(JSON.parse(row?.record ?? "{}")).toMatchObject({ ok: true });
    }, 5_000);
    expect(live.executor.executed).toEqual([jobId]);
  });

  it("a write whose journal is gone is settled as unknown, the owner is told, and its id is used up", async () => {
    const deviceKey = memoryDeviceKey();
    const jobId = ulid(Date.now());
    const first = await sidecar({ deviceKey });
    // It would answer long after the new disk is there, however slow the machine is.
    const told = await write({ after: 30_000 }, { jobId, deadlineMs: 150 });
    expect(told).toMatchObject({ code: "OUTCOME_UNKNOWN", outcome: "unknown" });
    expect(first.executor.executed).toEqual([jobId]);
    // The same PC with a new disk.
    const second = await sidecar({ deviceKey });
    expect(second.sidecarId).toBe(first.sidecarId);
    const [row] = await gateway.sql<{ settled_at: number | null; alerts: number }>(
      "Account",
      TEST_ACCOUNT,
      `SELECT settled_at, (SELECT COUNT(*) FROM order_alerts WHERE alert_key = 'lost:' || job_id)
         AS alerts FROM relay_jobs WHERE job_id = ?`,
      jobId,
    );
    expect(row).toEqual({ settled_at: expect.any(Number), alerts: 1 });
    expect(await write({}, { jobId })).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(second.executor.executed).toEqual([]);
  });

  it("an answer comes at the deadline when the line is stalled, and writes are unknown", async () => {
    const live = await sidecar({ port: proxy.port });
    proxy.stall(true);
    const began = performance.now();
    const [stalledRead, stalledWrite] = await Promise.all([
      read({}, 700),
      write({}, { deadlineMs: 700 }),
    ]);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(stalledRead).toMatchObject({ ok: false, code: "DEADLINE_EXCEEDED" });
    expect(stalledWrite).toMatchObject({
      ok: false,
      code: "OUTCOME_UNKNOWN",
      outcome: "unknown",
      retryable: false,
    });
    proxy.stall(false);
    await live.connected();
  });
});

/** What must come, however busy the machine is. */
const SOON = { timeout: 10_000 };

describe("who may connect", () => {
  it("(h) a revoked sidecar's live socket is closed at once, and it does not come back", async () => {
    const live = await sidecar();
    const began = performance.now();
    expect(await gateway.rpc("revokeSidecar", live.sidecarId, "test")).toBe(true);
    await vi.waitFor(() => expect(live.link.state().link.kind).toBe("stopped"), { interval: 2 });
    expect(performance.now() - began).toBeLessThan(500);
    expect(live.link.state().link).toMatchObject({ code: CLOSE.revoked });
    expect(await read()).toMatchObject({ ok: false, code: "UNAVAILABLE" });
    await sleep(500);
    expect(live.link.state().dial).toBe(1);
  });

  it("a revoked sidecar that dials anew is rejected", async () => {
    const live = await liveSidecar(gateway);
    running.push(live);
    await gateway.rpc("revokeSidecar", live.sidecarId, "test");
    live.link.start();
    await vi.waitFor(() => expect(live.link.state().link.kind).toBe("stopped"));
    expect(live.link.state()).toMatchObject({
      link: { code: CLOSE.revoked },
      trouble: { code: "LEASE_REVOKED" },
    });
  });

  it("a second paired PC takes over; the first stands by, is told so, and comes back when chosen", async () => {
    const first = await sidecar();
    const second = await sidecar();
    await vi.waitFor(() => expect(first.link.state().link.kind).toBe("waiting"), SOON);
    expect(first.link.state().trouble).toMatchObject({ code: "SUPERSEDED" });
    // It asks again, and holds no socket while it waits.
    first.link.start();
    await vi.waitFor(
      () => expect(first.link.state().trouble).toMatchObject({ code: "STANDBY" }),
      SOON,
    );
    await vi.waitFor(() => expect(first.link.state().link.kind).toBe("waiting"), SOON);
    const { link } = first.link.state();
    expect(link.kind === "waiting" && link.until - Date.now()).toBeGreaterThan(50_000);
    expect(second.link.state().link.kind).toBe("live");
    expect(await write()).toMatchObject({ ok: true });
    expect([first, second].map(({ executor }) => executor.executed.length)).toEqual([0, 1]);
    // The owner switches: the other one is stopped at once, whether or not the chosen one is there.
    expect(await gateway.rpc("chooseSidecar", first.sidecarId, "test")).toBe(true);
    await vi.waitFor(() => expect(second.link.state().link.kind).toBe("waiting"), SOON);
    expect(second.link.state().trouble).toMatchObject({ code: "STANDBY" });
    first.link.start();
    await vi.waitFor(() => expect(first.link.state().link.kind).toBe("live"), SOON);
  });

  it("a key that is not paired is given no socket, and a token for another gateway none", async () => {
    const raw = rawSidecar(async () => ({}));
    const paired = { ...(await gateway.pairKey(raw.device)), origin: gateway.url };
    const stranger = rawSidecar(async () => ({}));
    await expect(stranger.connect(paired)).rejects.toThrow("1006");
    expect(stranger.log.frames).toEqual([]);
    await expect(raw.connect({ ...paired, origin: "https://elsewhere.example" })).rejects.toThrow(
      "1006",
    );
  });

  it("a session cannot be opened on the socket of another PC", async () => {
    const { headers } = await opener();
    const peer = bare(TEST_ACCOUNT, headers);
    expect(await peer.opened).toBe(101);
    const key = memoryDeviceKey();
    const { sidecar_id } = await gateway.pairKey(key.publicKey);
    const jti = ulid(Date.now());
    const token = await key.openToken({
      audience: gateway.url,
      subject: sidecar_id,
      nowMs: Date.now(),
      jti,
    });
    peer.socket.send(openFrame(sidecar_id, token));
    expect(await peer.closed).toBe(CLOSE.unauthenticated);
    expect(JSON.parse(peer.texts[0] ?? "{}").payload.message).toContain("another sidecar");
  });

  it("(g) a token shown before opens nothing, also after the object was restarted", async () => {
    const raw = rawSidecar(async () => ({}));
    const paired = { ...(await gateway.pairKey(raw.device)), origin: gateway.url };
    let open = "";
    const send = globalThis.WebSocket.prototype.send;
    const spy = vi.spyOn(globalThis.WebSocket.prototype, "send").mockImplementation(function (
      this: globalThis.WebSocket,
      data,
    ) {
      if (String(data).includes("session.open")) open = String(data);
      send.call(this, data);
    });
    await raw.connect(paired);
    spy.mockRestore();
    raw.socket().close();
    expect(open).toContain("session.open");
    await gateway.evict(TEST_ACCOUNT, "close");
    // Whoever recorded the frame and holds another paired key still opens nothing with it.
    const { headers } = await opener();
    const replay = bare(TEST_ACCOUNT, headers);
    await replay.opened;
    replay.socket.send(open);
    expect(await replay.closed).toBe(CLOSE.unauthenticated);
    expect(JSON.parse(replay.texts[0] ?? "{}").type).toBe("session.unauthenticated");
  });

  it("a recovery's token opens no session, and a session's token gets no recovery code", async () => {
    const key = memoryDeviceKey();
    const { sidecar_id } = await gateway.pairKey(key.publicKey);
    const claims = () => ({
      audience: gateway.url,
      subject: sidecar_id,
      nowMs: Date.now(),
      jti: ulid(Date.now()),
    });
    const recover = async (token: string) => {
      const body = JSON.stringify({ account_id: TEST_ACCOUNT, sidecar_id, token });
      return (await fetch(`${gateway.url}/recovery`, { method: "POST", body })).status;
    };
    const open = async (token: string) => {
      const { Authorization } = (await opener(key)).headers;
      const peer = bare(TEST_ACCOUNT, { Authorization });
      await peer.opened;
      const answer = once(peer.socket, "message");
      peer.socket.send(openFrame(sidecar_id, token));
      const { type } = JSON.parse(String((await answer)[0]));
      peer.socket.terminate();
      return type;
    };
    expect(await open(await key.recoveryToken(claims()))).toBe("session.unauthenticated");
    expect(await recover(await key.openToken(claims()))).toBe(401);
    expect(await open(await key.openToken(claims()))).toBe("session.challenge");
    // A member's code comes a day later; the token is taken all the same.
    expect([201, 202]).toContain(await recover(await key.recoveryToken(claims())));
  });

  it("an account that does not exist looks like one that does, and leaves nothing behind", async () => {
    const nobody = gatewayAccountIdOf(crypto.getRandomValues(new Uint8Array(16)));
    const raw = rawSidecar(async () => ({}));
    const relay_url = `${gateway.url.replace("http", "ws")}/relay/${nobody}`;
    const paired = { ...(await gateway.pairKey(raw.device)), origin: gateway.url };
    await expect(raw.connect({ ...paired, relay_url, account_id: nobody })).rejects.toThrow("1006");
    const tables = await gateway.sql("Account", nobody, "SELECT name FROM sqlite_master");
    const ours = tables.filter(({ name }) => !/^(_cf|__miniflare)/.test(String(name)));
    expect(ours).toEqual([]);
  });

  it("an id that cannot be an account's is not found", async () => {
    expect(await bare("nobody").opened).toBe(404);
  });

  it("a browser is turned away, and so is a peer that does not name the protocol", async () => {
    expect(await bare(TEST_ACCOUNT, { Origin: "https://evil.example" }).opened).toBe(403);
    const plain = await fetch(`${gateway.url}/relay/${TEST_ACCOUNT}`);
    expect(plain.status).toBe(426);
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/relay/${TEST_ACCOUNT}`);
    const status = await new Promise((resolve) => {
      socket.on("unexpected-response", (_, response) => resolve(response.statusCode));
      socket.on("error", () => undefined);
    });
    expect(status).toBe(400);
  });

  it("whoever has no paired key gets 401 and no socket, and a token opens one socket once", async () => {
    const { headers } = await opener();
    const wrongDoor = await opener(memoryDeviceKey(), "openToken");
    for (const none of [{}, { Authorization: "Bearer x.y.z" }, wrongDoor.headers]) {
      expect(await bare(TEST_ACCOUNT, none).opened).toBe(401);
    }
    const first = bare(TEST_ACCOUNT, headers);
    expect(await first.opened).toBe(101);
    expect(await bare(TEST_ACCOUNT, headers).opened).toBe(401);
    first.socket.terminate();
  });

  it("any number of silent sockets of strangers, and of its own, keep the PC out of nothing", async () => {
    const strangers = Array.from({ length: 40 }, () => bare());
    expect(new Set(await Promise.all(strangers.map(({ opened }) => opened)))).toEqual(
      new Set([401]),
    );
    const key = memoryDeviceKey();
    const silent = [];
    for (let n = 0; n < 6; n += 1) {
      const peer = bare(TEST_ACCOUNT, (await opener(key)).headers);
      expect(await peer.opened).toBe(101);
      silent.push(peer);
    }
    const live = await sidecar({ deviceKey: key });
    expect(live.link.state().link.kind).toBe("live");
    expect(await read()).toMatchObject({ ok: true });
    for (const { socket } of silent) socket.terminate();
  });

  it("a silent socket is closed after ten seconds", async () => {
    const { socket, texts, opened } = bare(TEST_ACCOUNT, (await opener()).headers);
    expect(await opened).toBe(101);
    await sleep(9_000);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await sleep(1_500);
    expect(JSON.parse(texts[0] ?? "{}").payload).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(socket.readyState).not.toBe(WebSocket.OPEN);
    socket.terminate();
  }, 20_000);

  it.each([
    ["text that is no JSON", "nonsense", CLOSE.protocolError],
    ["a binary frame", Buffer.from([1, 2, 3]), CLOSE.protocolError],
    [
      "another version",
      '{"arcp":"2","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","type":"session.open","timestamp":"2026-11-20T10:00:00.000Z","payload":{}}',
      CLOSE.upgradeRequired,
    ],
  ])("%s is closed with its code", async (_, data, code) => {
    const peer = bare(TEST_ACCOUNT, (await opener()).headers);
    await peer.opened;
    peer.socket.send(data);
    expect(await peer.closed).toBe(code);
    expect(JSON.parse(peer.texts[0] ?? "{}").type).toBe("session.error");
  });
});
