import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The response schemas of IBKR's OpenAPI file. The whole file is read where it lies beside the
 * checkout; a bare clone has the extract in test/fixtures, which holds the schemas of 200 answers
 * without their prose.
 */
export interface ApiSchemas {
  /** By `METHOD /path/{parameter}`. */
  responses: Record<string, unknown>;
  /** Named schemas that the responses refer to. */
  schemas: Record<string, unknown>;
}

const ROOT = resolve(import.meta.dirname, "../..");
export const WHOLE_FILE = resolve(ROOT, "../shared/cpapi/openapi-2.28.0.json");
export const EXTRACT = resolve(ROOT, "test/fixtures/openapi/response-schemas.json");
/** Paths of account management and of advisors, which the gateway does not serve or we do not use. */
const LEFT_OUT = /^\/(gw|oauth2?|fa|ws|forecast|iserver\/account\/allocation)(\/|$)/;
const METHODS = ["get", "post", "put", "delete"];
/** Prose and samples; a property may have such a name too, which `strip` minds. */
const PROSE = new Set([
  "description",
  "example",
  "examples",
  "title",
  "externalDocs",
  "deprecated",
]);

export function hasWholeFile(): boolean {
  return existsSync(WHOLE_FILE);
}

export function readSchemas(): ApiSchemas {
  return hasWholeFile() ? extractSchemas() : readExtract();
}

export function readExtract(): ApiSchemas {
  const parsed = asRecord(JSON.parse(readFileSync(EXTRACT, "utf8")));
  return { responses: asRecord(parsed.responses), schemas: asRecord(parsed.schemas) };
}

/** Reads the whole file and keeps what the contract test needs. */
export function extractSchemas(): ApiSchemas {
  const file = asRecord(JSON.parse(readFileSync(WHOLE_FILE, "utf8")));
  const named = asRecord(asRecord(file.components).schemas);
  const responses: Record<string, unknown> = {};
  for (const [path, item] of Object.entries(asRecord(file.paths))) {
    if (LEFT_OUT.test(path)) continue;
    for (const [method, operation] of Object.entries(asRecord(item))) {
      if (!METHODS.includes(method)) continue;
      const content = asRecord(asRecord(asRecord(asRecord(operation).responses)["200"]).content);
      const schema = asRecord(content["application/json"]).schema;
      if (schema !== undefined) responses[`${method.toUpperCase()} ${path}`] = strip(schema, false);
    }
  }
  const schemas: Record<string, unknown> = {};
  const wanted = references(responses);
  for (const name of wanted) {
    if (schemas[name] !== undefined) continue;
    schemas[name] = strip(named[name], false);
    wanted.push(...references(schemas[name]));
  }
  return { responses, schemas };
}

function references(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    (one) => one[1] ?? "",
  );
}

/** Drops prose; inside `properties` every key is a name and stays. */
function strip(value: unknown, names: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => strip(one, false));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || !PROSE.has(key))
      .map(([key, one]) => [key, strip(one, !names && key === "properties")]),
  );
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
