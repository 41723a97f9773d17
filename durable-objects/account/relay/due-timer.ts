/** One timer for the next thing due; none while nothing is. Times are Unix milliseconds. */
export class DueTimer {
  readonly #ring: () => void;
  #set: { handle: ReturnType<typeof setTimeout>; at: number } | null = null;

  /** `ring` is called when the moment has come; the caller sets the next one. */
  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at this moment and at no other; null: not at all. */
  set(at: number | null): void {
    if (this.#set !== null && this.#set.at === at) return;
    if (this.#set !== null) clearTimeout(this.#set.handle);
    this.#set = null;
    if (at === null) return;
    const handle = setTimeout(
      () => {
        this.#set = null;
        this.#ring();
      },
      Math.max(0, at - Date.now()),
    );
    this.#set = { handle, at };
  }
}
