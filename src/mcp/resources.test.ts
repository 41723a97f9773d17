import { failure } from "@ibkr-edge-gateway/protocol/errors.ts";
import { READ_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { answers, auditLog, scripted } from "../../test/support/scripted-exchange.ts";
import { TOOLS } from "./catalogue.ts";
import {
  listResources,
  listResourceTemplates,
  readResource,
  scopeOfResource,
} from "./resources.ts";

const provenance = {
  source: "simulator",
  as_of: "2026-11-20T09:00:00Z",
  age_ms: 1,
  served_from: "broker",
  notes: [],
};
const absent = { code: -32602, data: expect.objectContaining({ uri: expect.any(String) }) };
const textOf = async (reading: ReturnType<typeof readResource>) => {
  const [content] = (await reading).contents;
  return content?.text ?? "";
};

describe("the resources a grant sees", () => {
  it("are those whose scope it holds", () => {
    const all = new Set<string>(READ_SCOPES);
    expect(listResources(all).map(({ uri }) => uri)).toEqual([
      "ibkr://support-matrix",
      "ibkr://accounts",
    ]);
    expect(listResourceTemplates(all).map(({ uriTemplate }) => uriTemplate)).toEqual([
      "ibkr://accounts/{id}/positions",
      "ibkr://audit/{seq}",
      "ibkr://tools/{name}/answer",
    ]);
    expect(listResources(new Set()).map(({ uri }) => uri)).toEqual(["ibkr://support-matrix"]);
    expect(listResourceTemplates(new Set(["ibkr:audit:read"]))).toHaveLength(2);
  });

  it("need the scope of the tool that shows the same", () => {
    expect(scopeOfResource("ibkr://accounts")).toBe("ibkr:accounts:read");
    expect(scopeOfResource("ibkr://accounts/U1234567/positions")).toBe("ibkr:positions:read");
    expect(scopeOfResource("ibkr://audit/7")).toBe("ibkr:audit:read");
    expect(scopeOfResource("ibkr://support-matrix")).toBeNull();
    expect(scopeOfResource("ibkr://accounts/U1/../audit")).toBeNull();
  });
});

describe("reading a resource", () => {
  it("asks the account what the tool would ask", async () => {
    const { exchange, runs } = answers({ accounts: [], ...provenance });
    const text = await textOf(readResource(exchange, "ibkr://accounts"));
    expect(JSON.parse(text)).toEqual({ accounts: [], ...provenance });
    expect(runs).toMatchObject([{ tool: "ibkr_accounts_list", operation: "accounts.list" }]);
  });

  it("asks for the positions of the account that the address names", async () => {
    const { exchange, runs } = answers({
      account_id: "DU1234567",
      positions: [],
      feed: "realtime",
      proved: true,
      settling: false,
      page: { offset: 0, returned: 0, total: 0, next_offset: null },
      ...provenance,
    });
    await readResource(exchange, "ibkr://accounts/DU1234567/positions");
    expect(runs).toMatchObject([
      { operation: "positions.list", input: { account_id: "DU1234567", limit: 200 } },
    ]);
  });

  it("shows one audit record, and nothing in the place of one that is not there", async () => {
    const { exchange } = auditLog(7);
    expect(JSON.parse(await textOf(readResource(exchange, "ibkr://audit/3")))).toMatchObject({
      seq: 3,
    });
    for (const seq of ["0", "8", "-1", "3x", "03", "1e3", "99999999999999999"]) {
      await expect(readResource(exchange, `ibkr://audit/${seq}`)).rejects.toMatchObject(absent);
    }
  });

  it("gives the full form of every tool's answer", async () => {
    const { exchange, runs } = answers(null);
    for (const tool of TOOLS) {
      const text = await textOf(readResource(exchange, `ibkr://tools/${tool.name}/answer`));
      expect(JSON.parse(text).anyOf).toHaveLength(tool.operations.length);
    }
    expect(runs).toEqual([]);
  });

  it("says the same of what does not exist and of what is somebody else's", async () => {
    for (const code of ["NOT_FOUND", "INPUT_UNAUTHORIZED_ACCOUNT"] as const) {
      const { exchange } = scripted(() => ({
        ok: false,
        failure: failure(code, "whatever"),
        audit_seq: 1,
      }));
      const reading = readResource(exchange, "ibkr://accounts/U7654321/positions");
      await expect(reading).rejects.toMatchObject({
        ...absent,
        message: expect.not.stringContaining("whatever"),
      });
    }
  });

  it.each([
    "ibkr://accounts/",
    "ibkr://accounts//positions",
    "ibkr://accounts/a/b/positions",
    "ibkr://accounts/%55123/positions",
    "ibkr://accounts/U1234567/positions/",
    "IBKR://accounts",
    "ibkr://accounts?x=1",
    "ibkr://tools/constructor/answer",
    "file:///etc/passwd",
    "",
  ])("finds nothing at %s", async (uri) => {
    const { exchange, runs } = answers({});
    await expect(readResource(exchange, uri)).rejects.toMatchObject(absent);
    expect(runs).toEqual([]);
  });

  it("says in the error what the owner has to do, when the account cannot be asked", async () => {
    const { exchange } = scripted(() => ({
      ok: false,
      failure: failure("SIDECAR_UNAVAILABLE", "Your PC is not connected.", {
        retryable: true,
        user_action: "Start the sidecar.",
      }),
      audit_seq: 1,
    }));
    await expect(readResource(exchange, "ibkr://accounts")).rejects.toMatchObject({
      code: -32603,
      message: "Your PC is not connected. Start the sidecar.",
      data: { code: "SIDECAR_UNAVAILABLE", retryable: true },
    });
  });
});
