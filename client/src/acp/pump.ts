import type { Readable, Writable } from "node:stream";
import { addServer, isSetup, type StdioServer, sessionIdIn } from "./add-server.ts";
import { type FrameSplitter, frameSplitter, type Piece } from "./frame-splitter.ts";
import { type MessageId, readHead, readMessage } from "./message.ts";

/**
 * Carries an ACP connection between a client and an agent, and puts one MCP server into each session
 * on its way. There is one reader and one writer for each direction, and what is read is written
 * before more is read: order, back-pressure and bounded memory come from that. Nothing is awaited in
 * between, so neither direction can wait for the other.
 */
export interface PumpEnds {
  client: { input: Readable; output: Writable };
  agent: { input: Writable; output: Readable };
}

export interface SessionSetup {
  method: string;
  /** Null for a session that has none yet: a new one, or one that is forked off. */
  sessionId: string | null;
}

export interface PumpHooks {
  /** The server for a session; synchronous, for nothing may wait here. Null adds none. */
  serverFor(setup: SessionSetup): { server: StdioServer; token: string } | null;
  /** The agent named the session that `token` was made for. */
  onSession(token: string, sessionId: string): void;
  /** For a person who reads the log: never on the client's stream. */
  say(text: string): void;
  /** The client ended its stream or takes no more. */
  onClientGone(): void;
}

interface OpenRequest {
  id: MessageId;
  /** Of a request that begins a session. */
  token: string | null;
}

/** Sessions that are begun or taken up; in all others the session's own id is in the request. */
const NAMED_BY_ITS_ANSWER = new Set(["session/new", "session/fork"]);
const AGENT_ENDED = '"error":{"code":-32603,"message":"The agent ended before it answered."}';

/** Resolves when the agent's stream has ended and every open request of the client has its answer. */
export async function pump(ends: PumpEnds, hooks: PumpHooks, frameMaxBytes?: number) {
  const { client, agent } = ends;
  const open = new Map<string, OpenRequest>();
  for (const stream of [client.output, agent.input]) stream.on("error", () => {});

  const toAgent = carry(client.input, agent.input, frameSplitter(frameMaxBytes), (piece) =>
    fromClient(piece, open, hooks),
  );
  void toAgent.then(() => {
    agent.input.end();
    hooks.onClientGone();
  });

  let endsWithLine = true;
  const onWritten = (ok: boolean) => {
    if (!ok) hooks.onClientGone();
  };
  await carry(
    agent.output,
    client.output,
    frameSplitter(frameMaxBytes),
    (piece) => {
      fromAgent(piece, open, hooks);
      endsWithLine = piece.bytes.at(-1) === 0x0a;
      return piece.bytes;
    },
    onWritten,
  );
  const answers = [...open.values()].map(
    ({ id }) => `{"jsonrpc":"2.0","id":${id.raw},${AGENT_ENDED}}\n`,
  );
  if (answers.length > 0) {
    const text = `${endsWithLine ? "" : "\n"}${answers.join("")}`;
    await write(client.output, Buffer.from(text, "latin1"));
  }
}

/** What a client sent, on its way to the agent. */
function fromClient(piece: Piece, open: Map<string, OpenRequest>, hooks: PumpHooks): Buffer {
  if (!piece.opens) return piece.bytes;
  const text = piece.bytes.toString("latin1");
  const message = piece.kind === "frame" ? readMessage(text) : readHead(text);
  if (message === null || message.id === null || message.method === null) return piece.bytes;
  const request: OpenRequest = { id: message.id, token: null };
  open.set(message.id.key, request);
  if (!isSetup(message.method)) return piece.bytes;
  if (piece.kind === "part") {
    hooks.say(`${message.method} is too long to be read; the session has no IBKR server.`);
    return piece.bytes;
  }
  return withServer(text, message.method, request, hooks) ?? piece.bytes;
}

/** The request with our server in it; null where it goes on as it came. Whatever fails here lets it. */
function withServer(
  text: string,
  method: string,
  request: OpenRequest,
  hooks: PumpHooks,
): Buffer | null {
  try {
    const fresh = NAMED_BY_ITS_ANSWER.has(method);
    const sessionId = fresh ? null : sessionIdIn(text, "params");
    if (!fresh && sessionId === null) return null;
    const ours = hooks.serverFor({ method, sessionId });
    if (ours === null) return null;
    const addition = addServer(text, ours.server);
    if (addition.kind === "taken") {
      hooks.say(`The client brings a server named ${ours.server.name} itself; that one is used.`);
    }
    if (addition.kind !== "added") return null;
    request.token = fresh ? ours.token : null;
    return Buffer.from(addition.text, "latin1");
  } catch (error) {
    hooks.say(`The session has no IBKR server: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** What the agent sent: it goes on unchanged; what it answers is noted. */
function fromAgent(piece: Piece, open: Map<string, OpenRequest>, hooks: PumpHooks): void {
  if (!piece.opens) return;
  const text = piece.bytes.toString("latin1");
  const message = piece.kind === "frame" ? readMessage(text) : readHead(text);
  if (message === null || message.id === null || !message.isAnswer) return;
  const request = open.get(message.id.key);
  if (request === undefined) return;
  open.delete(message.id.key);
  const sessionId = request.token === null ? null : sessionIdIn(text, "result");
  if (request.token === null || sessionId === null) return;
  try {
    hooks.onSession(request.token, sessionId);
  } catch (error) {
    hooks.say(`The session could not be noted: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * Reads to the end, and writes what `through` makes of each piece. Where the other side takes no
 * more it goes on reading: who is still sending must not be blocked, and its requests are noted.
 */
async function carry(
  from: Readable,
  to: Writable,
  splitter: FrameSplitter,
  through: (piece: Piece) => Buffer,
  onWritten: (ok: boolean) => void = () => {},
): Promise<void> {
  let taken = true;
  const pass = async (pieces: Piece[]) => {
    const bytes = pieces.map(through);
    if (bytes.length === 0 || !taken) return;
    taken = await write(to, bytes.length === 1 && bytes[0] ? bytes[0] : Buffer.concat(bytes));
    onWritten(taken);
  };
  try {
    for await (const chunk of from) await pass(splitter.push(asBuffer(chunk)));
  } catch {
    // A stream that broke has ended; what came before is passed on.
  }
  await pass(splitter.end());
}

function asBuffer(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}

/** Whether the other side took it. */
function write(to: Writable, bytes: Buffer): Promise<boolean> {
  if (to.destroyed || to.writableEnded) return Promise.resolve(false);
  return new Promise((resolve) => {
    // A stream that is destroyed while it waits need not call back.
    const closed = () => resolve(false);
    to.once("close", closed);
    to.write(bytes, (error) => {
      to.off("close", closed);
      resolve(error === null || error === undefined);
    });
  });
}
