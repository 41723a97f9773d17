import * as z from "zod";

/**
 * What a client really sent, and what it was answered with, in the order of the answers. A matrix
 * of clients is worth what was seen on the wire, not what their documentation says.
 */

const Exchange = z.object({
  method: z.string(),
  path: z.string(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  status: z.int(),
  answer: z.string().nullable(),
});
export type Exchange = z.infer<typeof Exchange>;

const Message = z.object({
  method: z.string(),
  params: z
    .object({
      protocolVersion: z.string().optional(),
      name: z.string().optional(),
      clientInfo: z.object({ name: z.string(), version: z.string() }).optional(),
    })
    .optional(),
});

const Negotiated = z.object({ result: z.object({ protocolVersion: z.string() }) });

export class Wire {
  #exchanges: Exchange[] = [];

  /** Takes what the recorder sends. */
  async take(request: Request): Promise<Response> {
    this.#exchanges.push(Exchange.parse(await request.json()));
    return new Response(null, { status: 204 });
  }

  /** Forgets everything so far: what follows belongs to the next client. */
  clear(): void {
    this.#exchanges = [];
  }

  all(): readonly Exchange[] {
    return this.#exchanges;
  }

  to(path: string, method = "POST"): Exchange[] {
    return this.#exchanges.filter((seen) => seen.path === path && seen.method === method);
  }

  /** The forms sent to the token endpoint, each with its status. */
  tokenRequests(): { form: Record<string, string>; status: number }[] {
    return this.to("/token").map(({ body, status }) => ({
      form: Object.fromEntries(new URLSearchParams(body)),
      status,
    }));
  }

  /** What was registered, each as its client described itself. */
  registrations(): Record<string, unknown>[] {
    return this.to("/register").map(({ body }) =>
      z.record(z.string(), z.unknown()).parse(JSON.parse(body)),
    );
  }

  /** What the pages for consent were asked for. */
  authorizations(): Record<string, string>[] {
    return this.to("/authorize", "GET").map(({ query }) =>
      Object.fromEntries(new URLSearchParams(query)),
    );
  }

  /** The accepted MCP messages: `tools/call ibkr_health`, with the version each was sent under. */
  messages(): { what: string; version: string | null }[] {
    return this.to("/mcp")
      .filter(({ status }) => status < 300)
      .map(({ body, headers }) => {
        const { method, params } = Message.parse(JSON.parse(body));
        return {
          what: params?.name === undefined ? method : `${method} ${params.name}`,
          version: headers["mcp-protocol-version"] ?? null,
        };
      });
  }

  /** The versions under which tools were called: one, unless a client changed its mind. */
  eraOfCalls(): (string | null)[] {
    return [
      ...new Set(
        this.messages()
          .filter(({ what }) => what.startsWith("tools/call"))
          .map(({ version }) => version),
      ),
    ];
  }

  /** What `initialize` asked for, and what it was answered with. */
  handshake(): { asked: string | undefined; agreed: string } | null {
    for (const { body, answer, status } of this.to("/mcp")) {
      const message = Message.safeParse(JSON.parse(body));
      if (message.data?.method !== "initialize" || answer === null || status >= 300) continue;
      const agreed = Negotiated.safeParse(JSON.parse(jsonOf(answer)));
      if (agreed.success) {
        return {
          asked: message.data.params?.protocolVersion,
          agreed: agreed.data.result.protocolVersion,
        };
      }
    }
    return null;
  }
}

/** The message of an answer, which may have come as a stream of one event. */
function jsonOf(answer: string): string {
  return /^data: (.*)$/m.exec(answer)?.[1] ?? answer;
}
