import { Ajv } from "ajv";
import { type ApiSchemas, asRecord } from "./openapi.ts";

/** One way in which an answer differs from its schema. */
export interface Finding {
  /** `GET /iserver/accounts`. */
  endpoint: string;
  /** Where: `/accounts/*`, with list places and keys of maps as `*`. */
  at: string;
  /** `type`, `enum`, … of JSON Schema; `unknown` for a key that the schema does not name. */
  problem: string;
}

export interface Checker {
  /** The endpoint of a request, when the file has it. */
  endpoint(method: string, path: string): string | undefined;
  check(endpoint: string, value: unknown): Finding[];
}

/** Validates answers against the OpenAPI file's schemas, and finds keys they do not name. */
export function createChecker({ responses, schemas }: ApiSchemas): Checker {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema({ ...pointInto({ components: { schemas } }), $id: "api" });
  const validators = new Map<string, ReturnType<Ajv["compile"]>>();
  const patterns = Object.keys(responses).map((endpoint) => {
    const [method = "", path = ""] = endpoint.split(" ");
    const source = path.replace(/\{[^}]+\}/g, "[^/]+");
    return {
      endpoint,
      method,
      fixed: path.split("{").length,
      expression: new RegExp(`^${source}$`),
    };
  });
  patterns.sort((one, other) => one.fixed - other.fixed);
  return {
    endpoint: (method, path) =>
      patterns.find((one) => one.method === method && one.expression.test(path))?.endpoint,
    check: (endpoint, value) => {
      const schema = responses[endpoint];
      const validate = validators.get(endpoint) ?? ajv.compile(pointInto(schema));
      validators.set(endpoint, validate);
      validate(value);
      const wrong = (validate.errors ?? [])
        .filter(({ keyword }) => keyword !== "oneOf")
        .map(({ instancePath, keyword }) => ({
          endpoint,
          at: general(instancePath, schema, schemas),
          problem: keyword,
        }));
      const strange = unknownKeys(schema, schemas, value, "").map((at) => ({
        endpoint,
        at,
        problem: "unknown",
      }));
      return unique([...wrong, ...strange]);
    },
  };
}

function unique(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [`${one.at} ${one.problem}`, one])).values()];
}

/** Makes references into the file point into the schema that was added under a name. */
function pointInto(schema: unknown): object {
  return JSON.parse(
    JSON.stringify(schema, withoutStrayNullable).replaceAll('"#/components', '"api#/components'),
  );
}

/** The file says `nullable` here and there without a type, where it means nothing. */
function withoutStrayNullable(_key: string, value: unknown): unknown {
  const record = asRecord(value);
  if (record.nullable !== true || record.type !== undefined) return value;
  const { nullable: _dropped, ...rest } = record;
  return rest;
}

/** Follows references and joins what may stand in this place. */
function choices(schema: unknown, schemas: Record<string, unknown>): Record<string, unknown>[] {
  const record = asRecord(schema);
  const reference = record.$ref;
  if (typeof reference === "string")
    return choices(schemas[reference.split("/").at(-1) ?? ""], schemas);
  const branches = ["oneOf", "anyOf", "allOf"].flatMap((key) =>
    Array.isArray(record[key]) ? record[key] : [],
  );
  return [record, ...branches.flatMap((branch) => choices(branch, schemas))];
}

/** Schemas that a key of a value may have; `named` when one of them names the key. */
function below(
  schema: unknown,
  schemas: Record<string, unknown>,
  key: string,
): { named: boolean; found: unknown[] } {
  const options = choices(schema, schemas);
  const found = options.flatMap((one) => {
    const properties = asRecord(one.properties);
    return Object.hasOwn(properties, key) ? [properties[key]] : [];
  });
  if (found.length > 0) return { named: true, found };
  const maps = options
    .map((one) => one.additionalProperties)
    .filter((one) => typeof one === "object");
  return { named: false, found: maps.length > 0 ? maps : options.flatMap(placeholder) };
}

/** The file writes some maps as an object with one sample key, such as an account id or a date. */
const SAMPLE_KEYS = ["U1234567", "U1234567.Core", "currency", "symbol", "date"];

function placeholder(schema: Record<string, unknown>): unknown[] {
  const entries = Object.entries(asRecord(schema.properties));
  const only = entries[0];
  return entries.length === 1 && only !== undefined && SAMPLE_KEYS.includes(only[0])
    ? [only[1]]
    : [];
}

function unknownKeys(
  schema: unknown,
  schemas: Record<string, unknown>,
  value: unknown,
  at: string,
): string[] {
  const options = choices(schema, schemas);
  if (Array.isArray(value)) {
    const items = options.map((one) => one.items).filter((one) => one !== undefined);
    return value.flatMap((one) =>
      items.flatMap((item) => unknownKeys(item, schemas, one, `${at}/*`)),
    );
  }
  if (typeof value !== "object" || value === null) return [];
  const described = options.some(
    (one) => one.properties !== undefined || typeof one.additionalProperties === "object",
  );
  if (!described) return [];
  return Object.entries(value).flatMap(([key, one]) => {
    const next = below(schema, schemas, key);
    if (next.found.length === 0) return [`${at}/${key}`];
    const step = next.named ? key : "*";
    return next.found.flatMap((inner) => unknownKeys(inner, schemas, one, `${at}/${step}`));
  });
}

/** `/orders/3/conid` as `/orders/*\/conid`; keys of a map as `*` too. */
function general(pointer: string, schema: unknown, schemas: Record<string, unknown>): string {
  let options: unknown[] = [schema];
  let at = "";
  for (const raw of pointer.split("/").slice(1)) {
    const key = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^\d+$/.test(key)) {
      options = options.flatMap((one) => choices(one, schemas).map((choice) => choice.items));
      at += "/*";
      continue;
    }
    const next = options
      .map((one) => below(one, schemas, key))
      .filter((one) => one.found.length > 0);
    at += next.some((one) => one.named) || next.length === 0 ? `/${key}` : "/*";
    options = next.flatMap((one) => one.found);
  }
  return at;
}
