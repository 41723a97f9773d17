/**
 * Elements with `data-until` hold the time that is left until that moment, by the gateway's clock.
 * When it is over, buttons of the part that ends with it can't be pressed any more.
 */
export interface Countdowns {
  /** By how many milliseconds the gateway's clock is ahead of this device's. */
  setAhead(ms: number): void;
}

/** "4 min 5 s", as the gateway writes it. */
export function leftInWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

export function countDown(main: HTMLElement, over: () => void): Countdowns {
  let ahead = 0;
  const tick = (): void => {
    for (const element of main.querySelectorAll<HTMLElement>("[data-until]")) {
      const left = Date.parse(element.dataset.until ?? "") - Date.now() - ahead;
      if (Number.isNaN(left)) continue;
      element.textContent = leftInWords(left);
      if (left > 0) continue;
      for (const part of main.querySelectorAll<HTMLElement>("[data-ends]")) part.inert = true;
      over();
    }
  };
  setInterval(tick, 1_000);
  return {
    setAhead(ms) {
      ahead = ms;
      tick();
    },
  };
}
