const POLL_MS = 500;

/**
 * Calls back once when this process was run by npm and npm, or the shell between, is gone: one that
 * was killed passes no signal on, and nothing may run on without it.
 */
export function whenNpmIsGone(callback: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, POLL_MS);
  timer.unref();
}
