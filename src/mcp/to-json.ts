import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";

/** The same value as plain JSON: absent fields are left out; what JSON cannot carry is an error. */
export function toJson(value: unknown): JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(toJson);
      return toJsonObject(value);
  }
  throw new TypeError(`${typeof value} is not JSON`);
}

export function toJsonObject(value: object): JsonObject {
  const json: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) json[key] = toJson(item);
  }
  return json;
}
