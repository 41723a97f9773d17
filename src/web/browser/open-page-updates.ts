import { countDown } from "./countdown.ts";
import { regionsOf } from "./regions.ts";

/** The gateway closes a page's socket with this code when its session is over. */
const SIGNED_OUT = 4001;
const RECONNECT_LEAST_MS = 500;
const RECONNECT_MOST_MS = 30_000;
/** The least time between two reads of the page: one that is looked at, and one that is not. */
const SEEN_MS = 250;
const HIDDEN_MS = 5_000;
const READ_MS = 15_000;

/**
 * Keeps an open page true. The gateway says by a WebSocket that something changed; the page then
 * reads itself again and takes over the parts that say something else. It also does so every
 * `data-reread` seconds while it is looked at, and when it comes back into view. `wire` makes a part
 * that was replaced work.
 */
export function keepLive(main: HTMLElement, wire: (part: HTMLElement) => void): void {
  const regions = regionsOf(main);
  let change = Number(main.dataset.change);
  let everySeconds = Number(main.dataset.reread);
  let reading = false;
  let wanted = false;
  let isOver = false;
  let lastReadAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const soon = (leastMs = document.hidden ? HIDDEN_MS : SEEN_MS): void => {
    if (isOver) return;
    wanted = true;
    if (reading) return;
    clearTimeout(timer);
    timer = setTimeout(read, Math.max(0, lastReadAt + leastMs - Date.now()));
  };
  const clock = countDown(main, () => soon());
  clock.setAhead(Date.parse(main.dataset.now ?? "") - loadedAt());

  async function read(): Promise<void> {
    reading = true;
    wanted = false;
    lastReadAt = Date.now();
    try {
      const answer = await fetch(main.dataset.from ?? "", {
        cache: "no-store",
        headers: { "X-Reread": "1" },
        signal: AbortSignal.timeout(READ_MS),
      });
      const arrivedAt = Date.now();
      if (answer.status >= 500) throw new Error("not now");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = fresh.querySelector<HTMLElement>("main[data-from]");
      if (said === null) return signedOut();
      say(main, "");
      take(fresh, said, arrivedAt);
    } catch {
      say(main, "Your gateway does not answer. What stands here may be out of date.");
    } finally {
      reading = false;
      clearTimeout(timer);
      if (isOver) {
        // Nothing is asked any more until somebody signs in.
      } else if (wanted) soon();
      else if (!document.hidden) timer = setTimeout(read, everySeconds * 1_000);
    }
  }

  function take(fresh: Document, said: HTMLElement, arrivedAt: number): void {
    change = Math.max(change, Number(said.dataset.change));
    everySeconds = Number(said.dataset.reread);
    if (said.dataset.from === main.dataset.from) {
      if (!said.dataset.from?.startsWith("/attention")) document.title = fresh.title;
    }
    const before = resultOf(main);
    for (const region of regions.take(fresh)) wire(region);
    clock.setAhead(Date.parse(said.dataset.now ?? "") - arrivedAt);
    const result = resultOf(main);
    // A page that has just been decided begins with what came of it.
    if (before === null && result !== null) result.focus();
  }

  function signedOut(): void {
    isOver = true;
    say(main, "You are signed out. Load this page again to sign in.");
  }

  hearChanges(
    // A number that is not newer was read already; what is no number is always news.
    (data) => {
      if (!(Number(data) <= change)) soon();
    },
    () => soon(),
    () => isOver,
  );
  timer = setTimeout(read, everySeconds * 1_000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) soon();
  });
  window.addEventListener("online", () => soon());
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) soon();
  });
}

const resultOf = (main: HTMLElement): HTMLElement | null =>
  main.querySelector<HTMLElement>("[data-result]");

/** When the answer that this page is began to arrive, ms since the epoch. */
function loadedAt(): number {
  const [navigation] = performance.getEntriesByType("navigation");
  const arrived =
    navigation instanceof PerformanceNavigationTiming
      ? navigation.responseStart
      : performance.now();
  return performance.timeOrigin + arrived;
}

/** Says above the page how it stands with the gateway; while it does, nothing with a time can be decided. */
function say(main: HTMLElement, words: string): void {
  const place = main.querySelector<HTMLElement>("[data-connection]");
  if (place !== null) {
    if (place.textContent !== words) place.textContent = words;
    place.hidden = words === "";
  }
  for (const part of main.querySelectorAll<HTMLElement>("[data-ends]")) part.inert = words !== "";
}

/**
 * Hears that something changed, over a connection that is made again until the session is over. A
 * browser does not say why a connection could not be made, so `look` reads the page, which finds out.
 */
function hearChanges(
  changed: (data: unknown) => void,
  look: () => void,
  isOver: () => boolean,
): void {
  let tries = 0;
  const connect = (): void => {
    if (isOver()) return;
    let opened = false;
    const socket = new WebSocket(new URL("/live", location.href.replace(/^http/, "ws")));
    socket.addEventListener("open", () => {
      opened = true;
    });
    socket.addEventListener("message", ({ data }) => {
      tries = 0;
      changed(data);
    });
    socket.addEventListener("close", ({ code }) => {
      if (code === SIGNED_OUT) return look();
      if (!opened) look();
      const wait = Math.min(RECONNECT_LEAST_MS * 2 ** tries, RECONNECT_MOST_MS);
      tries += 1;
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
    });
  };
  connect();
}
