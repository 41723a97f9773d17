/**
 * Stands in for the MCP SDK's runtime shims in the Worker's bundle (wrangler's `alias`). They bring a
 * JSON Schema validator for what is elicited from a client, which nothing here does, and a `process`
 * for a transport over standard input, which a Worker has not.
 */
export class DefaultJsonSchemaValidator {
  getValidator(): never {
    throw new Error("nothing is elicited, so nothing is validated");
  }
}

export const process = {};
