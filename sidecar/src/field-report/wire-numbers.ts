/** A number as it stood in the answer, so that its form is the broker's and not that of a double. */
export class NumberAsWritten {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/**
 * Parses an answer with every number kept as it was written.
 * @throws SyntaxError for what is no JSON
 */
export function parseAsWritten(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? new NumberAsWritten(context?.source ?? String(value)) : value,
  );
}
