import type { GatewayErrorCode, GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
} from "@modelcontextprotocol/server";
import { askTool } from "./ask-tool.ts";
import { holds, toolNamed } from "./catalogue.ts";
import type { Tool } from "./define-tool.ts";
import type { Exchange } from "./exchange.ts";
import { shownFailure } from "./failures.ts";
import { renderSupportMatrix } from "./support-matrix.ts";
import { accountsListTool } from "./tools/accounts-list.ts";
import { auditTailTool } from "./tools/audit-tail.ts";
import { positionsListTool } from "./tools/positions-list.ts";

/** Read-only views by address. What they show is what a tool shows, under the tool's scope. */

interface Shelf {
  /** RFC 6570, level 1; without a variable it is a resource of its own. */
  uri: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
  /** Null where nothing of the account is shown. */
  scope: Scope | null;
  /** The text at the address; null when there is nothing there. */
  read(exchange: Exchange, variable: string): Promise<string | null> | string | null;
}

const SHELVES: readonly Shelf[] = [
  {
    uri: "ibkr://support-matrix",
    name: "support-matrix",
    title: "Support matrix",
    description: "What this gateway offers, and what the broker's gateway does not",
    mimeType: "text/markdown",
    scope: null,
    read: () => renderSupportMatrix(),
  },
  {
    uri: "ibkr://accounts",
    name: "accounts",
    title: "Broker accounts",
    description: "The owner's broker accounts",
    mimeType: "application/json",
    scope: accountsListTool.scope,
    read: (exchange) => show(exchange, accountsListTool, {}),
  },
  {
    uri: "ibkr://accounts/{id}/positions",
    name: "positions",
    title: "Positions of an account",
    description: "The first 200 holdings of one account",
    mimeType: "application/json",
    scope: positionsListTool.scope,
    read: (exchange, account_id) => show(exchange, positionsListTool, { account_id, limit: 200 }),
  },
  {
    uri: "ibkr://audit/{seq}",
    name: "audit-record",
    title: "Audit record",
    description: "One record of the audit log, by its sequence number",
    mimeType: "application/json",
    scope: auditTailTool.scope,
    read: readAuditRecord,
  },
  {
    uri: "ibkr://tools/{name}/answer",
    name: "answer-schema",
    title: "Answer of a tool",
    description: "The full JSON Schema of a tool's answer, which tools/list shortens",
    mimeType: "application/schema+json",
    scope: null,
    read: (_, name) => {
      const schemas = toolNamed(name)?.answerSchemas();
      return schemas === undefined ? null : JSON.stringify({ anyOf: schemas });
    },
  },
];

interface Listed {
  [key: string]: unknown;
  name: string;
  title: string;
  description: string;
  mimeType: string;
}

export function listResources(granted: ReadonlySet<string>): (Listed & { uri: string })[] {
  return visible(granted)
    .filter(({ uri }) => !uri.includes("{"))
    .map(({ uri, name, title, description, mimeType }) => ({
      uri,
      name,
      title,
      description,
      mimeType,
    }));
}

export function listResourceTemplates(
  granted: ReadonlySet<string>,
): (Listed & { uriTemplate: string })[] {
  return visible(granted)
    .filter(({ uri }) => uri.includes("{"))
    .map(({ uri: uriTemplate, name, title, description, mimeType }) => ({
      uriTemplate,
      name,
      title,
      description,
      mimeType,
    }));
}

/** What a grant needs to read at this address; none for addresses where nothing is. */
export function scopeOfResource(uri: string): Scope | null {
  return find(uri)?.shelf.scope ?? null;
}

/** One `resources/read`. What does not exist and what is somebody else's have the same answer. */
export async function readResource(exchange: Exchange, uri: string) {
  const found = find(uri);
  if (found === null) throw new ResourceNotFoundError(uri);
  const text = await found.shelf.read(exchange, found.variable);
  if (text === null) throw new ResourceNotFoundError(uri);
  return { contents: [{ uri, mimeType: found.shelf.mimeType, text }] };
}

function visible(granted: ReadonlySet<string>): Shelf[] {
  return SHELVES.filter(({ scope }) => scope === null || holds(granted, scope));
}

/** A variable is one segment of plain characters: nothing to decode, nothing to climb out of. */
function find(uri: string): { shelf: Shelf; variable: string } | null {
  for (const shelf of SHELVES) {
    const [before = "", after] = shelf.uri.split(/\{[a-z]+\}/);
    if (after === undefined) {
      if (uri === before) return { shelf, variable: "" };
    } else if (uri.startsWith(before) && uri.endsWith(after)) {
      const variable = uri.slice(before.length, uri.length - after.length);
      if (/^[A-Za-z0-9_-]{1,64}$/.test(variable)) return { shelf, variable };
    }
  }
  return null;
}

async function show(exchange: Exchange, tool: Tool, args: JsonObject): Promise<string | null> {
  const shown = await askTool(exchange, tool, args);
  if (shown.ok) return JSON.stringify(shown.output);
  if (ABSENT.has(shown.failure.code)) return null;
  throw asProtocolError(shown.failure);
}

const ABSENT: ReadonlySet<GatewayErrorCode> = new Set([
  "NOT_FOUND",
  "INPUT_INVALID",
  "INPUT_UNAUTHORIZED_ACCOUNT",
]);

/** The log is read backwards from the record after the one that is wanted. */
async function readAuditRecord(exchange: Exchange, variable: string): Promise<string | null> {
  if (!/^[1-9]\d{0,14}$/.test(variable)) return null;
  const seq = Number(variable);
  const shown = await askTool(exchange, auditRecordBefore(seq + 1), {});
  if (!shown.ok) throw asProtocolError(shown.failure);
  const { records } = shown.output;
  const [record] = Array.isArray(records) ? records : [];
  return record?.seq === seq ? JSON.stringify(record) : null;
}

/** `ibkr_audit_tail` for one record, at a position that no cursor needs to vouch for. */
function auditRecordBefore(position: number): Tool {
  return {
    ...auditTailTool,
    prepare() {
      const prepared = auditTailTool.prepare({ limit: 1, full: true });
      if (!prepared.ok) return prepared;
      const input = auditTailTool.at(prepared.call, position);
      return { ok: true, call: { ...prepared.call, input, page: prepared.call.page } };
    },
  };
}

/** A resource has no result in which to fail, so the words stand in the error. */
function asProtocolError(failure: GatewayFailure): ProtocolError {
  const words =
    failure.user_action === null ? failure.message : `${failure.message} ${failure.user_action}`;
  return new ProtocolError(ProtocolErrorCode.InternalError, words, shownFailure(failure));
}
