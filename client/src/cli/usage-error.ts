/** The command line was not understood; the text says what to type. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
