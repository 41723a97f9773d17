/**
 * The parts of a page that are kept up to date: elements with `data-live`, by that name. Each is
 * replaced as a whole, and only where the gateway's text for it is another one than before.
 */
export interface Regions {
  /** Takes over what a fresh copy of the page says; the parts that were replaced. */
  take(fresh: Document): HTMLElement[];
}

export function regionsOf(main: HTMLElement): Regions {
  const found = [...main.querySelectorAll<HTMLElement>("[data-live]")];
  // As it was sent: what the script adds to it afterwards does not count.
  const sent = new Map(found.map((region) => [region, region.innerHTML]));
  return {
    take(fresh) {
      const replaced: HTMLElement[] = [];
      for (const region of found) {
        const name = region.dataset.live ?? "";
        const now = fresh.querySelector<HTMLElement>(`[data-live="${name}"]`);
        if (now === null || now.innerHTML === sent.get(region)) continue;
        // What somebody is filling in stays, as long as it can still be sent.
        if (isFilledIn(region) && now.querySelector("form") !== null) continue;
        sent.set(region, now.innerHTML);
        replace(region, now);
        replaced.push(region);
      }
      return replaced;
    },
  };
}

function replace(region: HTMLElement, fresh: HTMLElement): void {
  const { activeElement } = document;
  const focused = region.contains(activeElement) ? nameOf(activeElement) : null;
  const opened = new Set(
    [...region.querySelectorAll("details[open] > summary")].map(({ textContent }) => textContent),
  );
  region.replaceChildren(...document.adoptNode(fresh).childNodes);
  for (const summary of region.querySelectorAll("details > summary")) {
    if (opened.has(summary.textContent)) summary.parentElement?.setAttribute("open", "");
  }
  if (focused === null) return;
  const controls = [...region.querySelectorAll<HTMLElement>(FOCUSABLE)];
  controls.find((one) => nameOf(one) === focused)?.focus({ preventScroll: true });
}

const FOCUSABLE = "a, button, input, select, textarea, summary, [tabindex]";

/** By what a control is found again in a fresh copy. */
function nameOf(element: Element | null): string | null {
  if (element === null) return null;
  const { tagName, id, textContent } = element;
  const about = ["name", "href", "value"].map((name) => element.getAttribute(name) ?? "");
  return [tagName, id, ...about, (textContent ?? "").trim()].join("\n");
}

function isFilledIn(region: HTMLElement): boolean {
  return [...region.querySelectorAll("input, textarea")].some((field) =>
    field instanceof HTMLInputElement
      ? field.type !== "hidden" &&
        (field.value !== field.defaultValue || field.checked !== field.defaultChecked)
      : field instanceof HTMLTextAreaElement && field.value !== field.defaultValue,
  );
}
