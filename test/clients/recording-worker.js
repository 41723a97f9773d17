// The Worker with a recorder in front: what each request to MCP and OAuth carried, and what it was
// answered with, goes to the test before the client gets its answer. Nothing is changed on the way.
import gateway from "./index.js";

export * from "./index.js";

const RECORDED = /^\/(mcp|token|register|authorize|\.well-known\/.*)$/;

export default {
  ...gateway,
  async fetch(request, env, ctx) {
    const { pathname, search } = new URL(request.url);
    if (!RECORDED.test(pathname)) return gateway.fetch(request, env, ctx);
    const body = request.method === "POST" ? await request.clone().text() : "";
    const response = await gateway.fetch(request, env, ctx);
    // A stream may stay open: of those only the answer to a handshake is waited for.
    const ends =
      response.headers.get("Content-Type")?.startsWith("application/json") ||
      body.includes('"method":"initialize"');
    await fetch("https://recorder.invalid/", {
      method: "POST",
      body: JSON.stringify({
        method: request.method,
        path: pathname,
        query: search,
        headers: Object.fromEntries(request.headers),
        body,
        status: response.status,
        answer: ends ? await response.clone().text() : null,
      }),
    });
    return response;
  },
};
