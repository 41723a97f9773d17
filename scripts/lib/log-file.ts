import { appendFileSync, existsSync, renameSync, statSync } from "node:fs";

const MAX_BYTES = 5 * 1024 * 1024;

/** Appends lines to a file of this user's; at 5 MiB it becomes `.1` and a new one begins. */
export function logFile(path: string): (line: string) => void {
  let bytes = existsSync(path) ? statSync(path).size : 0;
  return (line) => {
    if (bytes > MAX_BYTES) {
      renameSync(path, `${path}.1`);
      bytes = 0;
    }
    const text = `${line}\n`;
    appendFileSync(path, text, { mode: 0o600 });
    bytes += Buffer.byteLength(text);
  };
}
