import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addServer, type StdioServer, sessionIdIn } from "./add-server.ts";
import { membersAt } from "./json-spans.ts";
import { readHead, readMessage } from "./message.ts";

const SERVER: StdioServer = {
  name: "ibkr",
  command: "/opt/node/bin/node",
  args: ["/opt/ibkr.js", "mcp", "serve"],
  env: [{ name: "IBKR_ACP_SESSION", value: "0f" }],
};

const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const utf8 = (text: string) => Buffer.from(text, "latin1").toString("utf8");

function add(text: string): string {
  const addition = addServer(latin1(text), SERVER);
  if (addition.kind !== "added") throw new Error(addition.kind);
  return utf8(addition.text);
}

/** JSON in which every value may be spread over the line with spaces. */
const spaced = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), fc.boolean())
  .map(([object, wide]) =>
    wide ? JSON.stringify(object, null, 1).replaceAll("\n", " ") : JSON.stringify(object),
  );

describe("the members of an object", () => {
  it("stand where JSON.parse reads them", () => {
    fc.assert(
      fc.property(spaced, (text) => {
        const members = membersAt(text, 0);
        const read: Record<string, unknown> = JSON.parse(text);
        expect([...members.keys()].sort()).toEqual(Object.keys(read).sort());
        for (const [name, { start, end }] of members) {
          expect(JSON.parse(text.slice(start, end))).toEqual(read[name]);
        }
      }),
    );
  });

  it("are those before the cut, where the text is cut off", () => {
    fc.assert(
      fc.property(spaced, fc.nat(), (text, cut) => {
        const whole = membersAt(text, 0);
        for (const [name, span] of membersAt(text.slice(0, cut % (text.length + 1)), 0)) {
          expect(whole.has(name)).toBe(true);
          expect(span.end).toBeLessThanOrEqual(cut % (text.length + 1));
        }
      }),
    );
  });
});

describe("a server added to a session's request", () => {
  it("comes last, and all that was there stays as it was written", () => {
    const before =
      '{ "id":12345678901234567890, "method":"session\\/new","params":{"_meta":{"x":1.0},' +
      ' "mcpServers":[ {"name":"häuser","command":"/h","args":[],"env":[]} ], "cwd":"/ü"} }\r\n';
    const after = add(before);
    const entry = `,${JSON.stringify(SERVER)}`;
    expect(after.replace(entry, "")).toBe(before);
    expect(JSON.parse(after).params.mcpServers.at(-1)).toEqual(SERVER);
  });

  it.each([
    ["an empty list", '{"params":{"cwd":"/","mcpServers":[ ]}}'],
    ["no list", '{"params":{"cwd":"/"}}'],
    ["null", '{"params":{"mcpServers":null,"cwd":"/"}}'],
    ["nothing at all", '{"params":{}}'],
  ])("stands alone where the client brought %s", (_what, text) => {
    const params = JSON.parse(add(text)).params;
    expect(params.mcpServers).toEqual([SERVER]);
    expect({ ...JSON.parse(text).params, mcpServers: null }).toEqual({
      ...params,
      mcpServers: null,
    });
  });

  it("changes nothing else, for any params", () => {
    const own = fc.option(fc.array(fc.record({ name: fc.string() }), { maxLength: 3 }), {
      nil: undefined,
    });
    fc.assert(
      fc.property(spaced, own, (rest, servers) => {
        const params = {
          ...JSON.parse(rest),
          ...(servers === undefined ? {} : { mcpServers: servers }),
        };
        fc.pre(servers !== undefined || !("mcpServers" in params));
        fc.pre(!(servers ?? []).some(({ name }) => name === SERVER.name));
        const message = { jsonrpc: "2.0", id: 1, method: "session/load", params };
        expect(JSON.parse(add(JSON.stringify(message)))).toEqual({
          ...JSON.parse(JSON.stringify(message)),
          params: {
            ...JSON.parse(JSON.stringify(params)),
            mcpServers: [...(servers ?? []), SERVER],
          },
        });
      }),
    );
  });

  it("is left out where the client has one of that name, and where the form is another", () => {
    const kind = (text: string) => addServer(text, SERVER).kind;
    expect(kind('{"params":{"mcpServers":[{"name":"ibkr"}]}}')).toBe("taken");
    for (const text of [
      '{"params":{"mcpServers":{}}}',
      '{"params":[]}',
      '{"method":"session/new"}',
      '{"params":{"mcpServers":[}}',
      "[]",
      "",
    ]) {
      expect(kind(text)).toBe("unfit");
    }
  });

  it("is plain ASCII, whatever a path is called", () => {
    const text = addServer('{"params":{}}', { ...SERVER, command: "/häuser/節" });
    expect(text.kind === "added" && /^[\x20-\x7e]*$/.test(text.text)).toBe(true);
    expect(text.kind === "added" && JSON.parse(text.text).params.mcpServers[0].command).toBe(
      "/häuser/節",
    );
  });
});

describe("a message", () => {
  it("has its id as it was written, and two that differ only beyond a double stay two", () => {
    const id = (raw: string) => readMessage(`{"id":${raw},"method":"x"}`)?.id;
    expect(id("12345678901234567890")).toEqual({
      raw: "12345678901234567890",
      key: "number:12345678901234567890",
    });
    expect(id("12345678901234567891")?.key).not.toBe(id("12345678901234567890")?.key);
    expect(id("1.0")?.key).toBe(id("1")?.key);
    expect(id('"1"')?.key).not.toBe(id("1")?.key);
    expect(id("null")).toBeNull();
  });

  it("names the session it is about, with any letters", () => {
    const text = latin1('{"params":{"sessionId":"sitzung-ü\\u00e9"}}');
    expect(sessionIdIn(text, "params")).toBe("sitzung-üé");
    expect(sessionIdIn(text, "result")).toBeNull();
  });

  it("that is too long to be held shows its id, where that comes first", () => {
    const head = readHead(`{"jsonrpc":"2.0","id":7,"result":{"content":"${"x".repeat(50)}`);
    expect(head).toEqual({ method: null, id: { raw: "7", key: "number:7" }, isAnswer: true });
    expect(readMessage("[]")).toBeNull();
    expect(readMessage("no json")).toBeNull();
  });
});
