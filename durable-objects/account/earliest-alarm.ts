/** The object's one alarm, which is only ever set earlier: many parts ask for it, each for its own. */
export class EarliestAlarm {
  readonly #storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">;
  /** Epoch milliseconds; null when none is set. */
  #at: number | null = null;

  constructor(storage: Pick<DurableObjectStorage, "getAlarm" | "setAlarm">) {
    this.#storage = storage;
  }

  /** Reads what was set before the object was made; nothing may be asked before. */
  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** The platform called: none is set from now on. */
  rang(): void {
    this.#at = null;
  }

  /** Has the platform call at this moment (epoch milliseconds), or before; null asks for nothing. */
  noLaterThan(atMs: number | null): void {
    if (atMs === null || (this.#at !== null && this.#at <= atMs)) return;
    this.#at = atMs;
    void this.#storage.setAlarm(atMs);
  }
}
