import { membersAt, type Span, skipSpace } from "./json-spans.ts";
import { parsed } from "./message.ts";

/** An MCP server as ACP hands it to an agent. Without a `type`: version 1 has none, and agents refuse it. */
export interface StdioServer {
  readonly name: string;
  /** An absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** Every request that begins a session or takes one up; agents remember no servers between them. */
const SETUP_METHODS = new Set(["session/new", "session/load", "session/resume", "session/fork"]);

export function isSetup(method: string | null): boolean {
  return method !== null && SETUP_METHODS.has(method);
}

export type Addition =
  | { kind: "added"; text: string }
  /** The client brings a server of that name; agents would drop one of the two, or refuse both. */
  | { kind: "taken" }
  /** Not of the form that the protocol gives it: the agent answers that. */
  | { kind: "unfit" };

/**
 * Puts one more server at the end of `params.mcpServers` of a setup request. `text` is the line, one
 * character a byte; all that was in it stays as it was written.
 */
export function addServer(text: string, server: StdioServer): Addition {
  if (!isJson(text)) return { kind: "unfit" };
  const message = membersAt(text, skipSpace(text, 0));
  const params = message.get("params");
  if (params === undefined || text[params.start] !== "{") return { kind: "unfit" };
  const members = membersAt(text, params.start);
  const entry = ascii(JSON.stringify(server));
  const list = members.get("mcpServers");
  if (list === undefined) {
    const member = `"mcpServers":[${entry}]`;
    return added(text, params, members.size === 0 ? member : `,${member}`);
  }
  const written = text.slice(list.start, list.end);
  if (written === "null") {
    const before = text.slice(0, list.start);
    return { kind: "added", text: `${before}[${entry}]${text.slice(list.end)}` };
  }
  const servers = parsed(written);
  if (!Array.isArray(servers)) return { kind: "unfit" };
  if (servers.some((one) => nameOf(one) === server.name)) return { kind: "taken" };
  return added(text, list, servers.length === 0 ? entry : `,${entry}`);
}

/** The session that a request or an answer names. */
export function sessionIdIn(text: string, part: "params" | "result"): string | null {
  const span = membersAt(text, skipSpace(text, 0)).get(part);
  if (span === undefined) return null;
  const id = membersAt(text, span.start).get("sessionId");
  if (id === undefined) return null;
  const bytes = Buffer.from(text.slice(id.start, id.end), "latin1");
  const value = parsed(bytes.toString("utf8"));
  return typeof value === "string" ? value : null;
}

/** Before the bracket that closes what stands at the span. */
function added(text: string, { end }: Span, more: string): Addition {
  return { kind: "added", text: `${text.slice(0, end - 1)}${more}${text.slice(end - 1)}` };
}

function nameOf(server: unknown): unknown {
  return typeof server === "object" && server !== null && "name" in server
    ? server.name
    : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** One character a byte, whatever a path is called. */
function ascii(json: string): string {
  return json.replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
