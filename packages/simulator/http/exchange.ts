import { encode, type Fields, isFields, type WireJson } from "../json.ts";
import type { OrderEffects } from "../orders/injected-fault-effects.ts";

/** A request as a route sees it: the path below the base, already matched. */
export interface SimRequest {
  method: string;
  path: string;
  parameters: { readonly [name: string]: string };
  query: URLSearchParams;
  headers: { readonly [name: string]: string | readonly string[] | undefined };
  bodyText: string;
  /** The parsed body; undefined when there was none. */
  body: unknown;
  /** What faults do to orders that this request places. */
  effects: OrderEffects;
}

export interface SimAnswer {
  status: number;
  contentType: string;
  text: string;
  headers?: Record<string, string>;
  /** Wall time that the server takes over it. */
  holdMs?: number;
  /** Called when the answer has left, or its connection has gone. */
  release?: () => void;
}

/** Yes, as a browser writes it and as Python does: `true`, `True`. */
export const isYes = (value: string | null | undefined): boolean => value?.toLowerCase() === "true";

const JSON_TYPE = "application/json; charset=utf-8";

/** A 200 with a JSON body. */
export function ok(body: WireJson): SimAnswer {
  return { status: 200, contentType: JSON_TYPE, text: encode(body) };
}

/** Any status with a JSON body. */
export function answer(status: number, body: WireJson): SimAnswer {
  return { status, contentType: JSON_TYPE, text: encode(body) };
}

/** The broker's usual failure. */
export function failed(status: number, error: string): SimAnswer {
  return answer(status, { error, statusCode: status });
}

/** A 400 in the broker's words. */
export function badRequest(reason: string): SimAnswer {
  return failed(400, `Bad Request: ${reason}`);
}

/** A status without a body and without a content type. */
export function empty(status: number): SimAnswer {
  return { status, contentType: "", text: "" };
}

/**
 * A page, as the broker's old server and what stands before it send. `title` and `body` are markup.
 */
export function html(status: number, title: string, body: string): SimAnswer {
  return {
    status,
    contentType: "text/html; charset=utf-8",
    text: `<!DOCTYPE html><html><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`,
  };
}

/** A status with plain text. */
export function plain(status: number, text: string): SimAnswer {
  return { status, contentType: "text/plain; charset=utf-8", text };
}

/** The body as an object; an empty one when it is anything else. */
export function fieldsOf(request: SimRequest): Fields {
  return isFields(request.body) ? request.body : {};
}

/** A part of the path by its name in the route's pattern; empty where there is none. */
export function parameter(request: SimRequest, name: string): string {
  return request.parameters[name] ?? "";
}

/** The 403 page of the network in front of the broker. */
export function accessDenied(): SimAnswer {
  return html(
    403,
    "Access Denied",
    "<h1>Access Denied</h1><p>You are not authorized to access this page.</p>",
  );
}
