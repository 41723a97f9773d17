import { createHash, generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";

/**
 * A sidecar written from docs/relay-protocol.md alone, in under 200 lines: it imports nothing of
 * ours, so that what the document says is what the gateway does. § are the document's.
 */
// biome-ignore lint/suspicious/noExplicitAny: a raw peer takes what comes
type Any = any;
export type Work = (operation: string, input: Any, begin: () => void) => Promise<Any>;

const CAPABILITIES = ["broker.read", "orders.paper", "events", "chunks"];
const b64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64url");
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** RFC 8785 for what JSON.parse gives. */
function jcs(value: Any): string {
  if (Array.isArray(value)) return `[${value.map(jcs)}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${jcs(value[key])}`)}}`;
}

function ulid(): string {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let text = "";
  let time = Date.now();
  for (let i = 0; i < 10; i += 1) {
    text = digits[time % 32] + text;
    time = Math.floor(time / 32);
  }
  for (const byte of randomBytes(16)) text += digits[byte % 32];
  return text;
}

/** §1: asks for a code, lets the owner confirm it, collects the answer. */
export async function pair(
  gateway: string,
  device: string,
  confirm: (userCode: string) => Promise<void>,
): Promise<Any> {
  const about = { device_public_key: device, machine: "raw", version: "1" };
  const body = JSON.stringify({ ...about, capabilities: CAPABILITIES });
  const offer: Any = await (await fetch(`${gateway}/pairing`, { method: "POST", body })).json();
  await confirm(offer.user_code);
  const headers = { Authorization: `Bearer ${offer.poll_token}` };
  const answer: Any = await (await fetch(`${gateway}/pairing`, { headers })).json();
  if (answer.state !== "confirmed") throw new Error(`the pairing is ${answer.state}`);
  const origin = new URL(answer.relay_url).origin.replace(/^ws/, "http");
  return { ...answer, origin, edge_identity_key: offer.edge_identity_key };
}

export function rawSidecar(work: Work) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const device = publicKey.export({ format: "jwk" }).x ?? "";
  const signed = (text: string) => b64(sign(null, Buffer.from(text), privateKey));
  /** §7, in memory: enough for a test; a real sidecar keeps it on disk. */
  const journal = { id: ulid(), newest: 0, acked: 0, events: [] as Any[] };
  const writes = new Map<string, Any>();
  const log = { frames: [] as Any[], closes: [] as number[], pongs: 0 };
  let socket: WebSocket;
  let [session, resume, opened]: Any[] = [];

  function send(type: string, payload: Any, head: Any = {}): void {
    const { session_id, epoch } = session ?? {};
    const envelope = { arcp: "1.1", id: ulid(), type, session_id, epoch, ...head };
    const timestamp = new Date().toISOString();
    if (socket.readyState !== WebSocket.OPEN) return;
    const text = JSON.stringify({ ...envelope, timestamp, payload });
    if (type === "session.open") opened = sha256(text);
    socket.send(text);
  }

  function numbered(type: string, payload: Any): number {
    const event_seq = ++journal.newest;
    journal.events.push({ type, payload, event_seq });
    if (session !== undefined) send(type, payload, { event_seq });
    return event_seq;
  }

  function acknowledged(seq: number): void {
    journal.acked = Math.max(journal.acked, seq);
    journal.events = journal.events.filter(({ event_seq }) => event_seq > seq);
  }

  /** §2 and §4: resolves with `session.accepted` once the edge has proved itself. */
  function connect(paired: Any): Promise<Any> {
    const who = [paired.origin, paired.account_id, paired.sidecar_id];
    const fresh: string[] = [];
    session = undefined;
    const headers = { Authorization: `Bearer ${token("ibkr-upgrade+jwt", paired)}` };
    const how: Any = { protocols: "ibkr-relay.v1", headers };
    socket = new WebSocket(paired.relay_url, how);
    const ws = socket;
    let heartbeat: NodeJS.Timeout | undefined;
    return new Promise((resolve, reject) => {
      ws.onopen = () => send("session.open", open(paired));
      ws.onclose = ({ code }) => {
        clearInterval(heartbeat);
        if (ws === socket) session = undefined;
        log.closes.push(code);
        reject(new Error(`closed with ${code}`));
      };
      ws.onmessage = ({ data }) => {
        if (data === "pong") return void log.pongs++;
        const frame = JSON.parse(String(data));
        const { type, payload } = frame;
        log.frames.push(frame);
        if (type === "session.challenge") {
          fresh.push(payload.challenge, b64(randomBytes(32)));
          const text = ["ibkr-relay/v1/authenticate", ...who, ...fresh, opened].join("\n");
          send("session.authenticate", { response: signed(text), nonce: fresh[1] });
        } else if (type === "session.accepted") {
          if (!proved(paired, [...who, ...fresh], payload)) return ws.close(4002);
          session = payload;
          resume = { session_id: payload.session_id, resume_token: payload.resume_token };
          heartbeat = setInterval(() => ws.send("ping"), payload.limits.heartbeat_ms);
          acknowledged(payload.last_processed_seq);
          for (const { type, payload, event_seq } of journal.events) {
            send(type, payload, { event_seq });
          }
          resolve(payload);
        } else if (session !== undefined) served(frame);
      };
    });
  }

  function token(typ: string, { origin, sidecar_id }: Any): string {
    const iat = Math.floor(Date.now() / 1000);
    const header = b64(JSON.stringify({ alg: "EdDSA", typ }));
    const claims = { aud: origin, sub: sidecar_id, jti: ulid(), iat, exp: iat + 60 };
    const unsigned = `${header}.${b64(JSON.stringify(claims))}`;
    return `${unsigned}.${signed(unsigned)}`;
  }

  function open(paired: Any): Any {
    return {
      auth: { scheme: "signed_jwt", token: token("ibkr-relay+jwt", paired) },
      client: { kind: "raw", version: "1", fingerprint: "", principal: paired.sidecar_id },
      capabilities: CAPABILITIES,
      journal: { id: journal.id, oldest_seq: journal.acked + 1, newest_seq: journal.newest },
      resume: resume && { ...resume, last_processed_seq: journal.acked },
    };
  }

  function proved({ edge_identity_key: x }: Any, before: string[], accepted: Any): boolean {
    const { session_id, epoch, capabilities, lease, last_processed_seq, runtime } = accepted;
    const after = [session_id, epoch, [...capabilities].sort(), lease.expires_at];
    const text = ["ibkr-relay/v1/accepted", ...before, ...after, last_processed_seq].join("\n");
    const key: Any = { key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" };
    return verify(null, Buffer.from(text), key, Buffer.from(runtime.proof, "base64url"));
  }

  function served(frame: Any): void {
    const { type, payload, id: correlation_id } = frame;
    if (type === "session.ack") acknowledged(payload.last_processed_seq);
    if (type === "job.submit") void submitted(frame);
    if (type === "session.list_jobs") {
      const jobs = payload.filter.job_ids.map((job_id: string) => {
        const { state = "not_started", terminal } = writes.get(job_id) ?? {};
        return { job_id, state, terminal };
      });
      send("session.jobs", { jobs }, { correlation_id });
    }
    if (type === "job.cancel") {
      const state = writes.get(payload.job_id)?.state ?? "unknown";
      const reason = state === "done" ? "already_terminal" : state;
      send("job.cancel_refused", { job_id: payload.job_id, reason }, { correlation_id });
    }
  }

  /** §6: what is named `….write` is a write here. */
  async function submitted({ id, payload: job, timestamp }: Any): Promise<void> {
    const { job_id, operation, input, input_sha256, grant } = job;
    const about = { correlation_id: id };
    const refuse = (scope: string, code: string) =>
      send("session.error", { scope, code, message: code, retryable: false }, about);
    if (sha256(jcs(input)) !== input_sha256) return refuse("job", "INVALID_ARGUMENT");
    if (!session.capabilities.includes(grant.capability)) return refuse("job", "PERMISSION_DENIED");
    if (Date.parse(grant.expires_at) <= Date.parse(timestamp))
      return refuse("job", "LEASE_EXPIRED");
    const key = `${operation} ${input_sha256} ${grant.broker_account}`;
    const known = writes.get(job_id);
    const isWrite = operation.endsWith(".write");
    if (known !== undefined && known.key !== key) return refuse("request", "ALREADY_EXISTS");
    if (known?.terminal)
      return send(known.terminal.type, known.terminal.payload, { event_seq: known.seq });
    if (isWrite) send("job.accepted", { job_id }, about);
    if (known !== undefined) return;
    if (isWrite) writes.set(job_id, { key, state: "started" });
    const result = await work(operation, input, () => undefined);
    const payload = { job_id, result, result_sha256: sha256(jcs(result)) };
    if (!isWrite) return send("job.result", payload);
    const terminal = { type: "job.result", payload };
    writes.set(job_id, { key, state: "done", terminal, seq: numbered("job.result", payload) });
  }

  return { device, connect, numbered, log, journal, socket: () => socket };
}
