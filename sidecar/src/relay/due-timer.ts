/** One timer for the next thing due; none while nothing is. Times are milliseconds of `now`. */
export class DueTimer {
  readonly #now: () => number;
  readonly #ring: () => void;
  #set: { handle: NodeJS.Timeout; at: number } | null = null;

  /** `ring` is called when the moment has come; the caller sets the next one. */
  constructor(now: () => number, ring: () => void) {
    this.#now = now;
    this.#ring = ring;
  }

  /** Rings at this moment and at no other; null or infinite: not at all. */
  set(at: number | null): void {
    if (this.#set !== null && this.#set.at === at) return;
    if (this.#set !== null) clearTimeout(this.#set.handle);
    this.#set = null;
    if (at === null || !Number.isFinite(at)) return;
    const handle = setTimeout(
      () => {
        this.#set = null;
        this.#ring();
      },
      Math.max(0, at - this.#now()),
    );
    this.#set = { handle, at };
  }
}
