import { writeFileSync } from "node:fs";
import { EXTRACT, extractSchemas } from "./openapi.ts";

/** Writes the extract of response schemas anew, from the whole file beside the checkout. */
writeFileSync(EXTRACT, `${JSON.stringify(extractSchemas(), null, 1)}\n`);
