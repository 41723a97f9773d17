/** Who waits for the end of something, by its id; each hears it once. */
export class Waiters<T> {
  readonly #waiting = new Map<string, (end: T) => void>();

  /** The end of what `begin` sets off; nothing else resolves it. */
  wait(id: string, begin: () => void): Promise<T> {
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      begin();
    });
  }

  resolve(id: string, end: T): void {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiter?.(end);
  }
}
