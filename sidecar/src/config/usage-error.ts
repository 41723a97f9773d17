/** Something the person at the keyboard can put right: told in one line, exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
