/** Elements with text in them and nothing else: no markup is ever made from a string. */

export type Child = Node | string | null;

interface Wanted {
  class?: string;
  id?: string;
  attributes?: Readonly<Record<string, string>>;
}

/** An element of this name; a string becomes text, null nothing. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  wanted: Wanted,
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (wanted.class !== undefined) made.className = wanted.class;
  if (wanted.id !== undefined) made.id = wanted.id;
  for (const [attribute, value] of Object.entries(wanted.attributes ?? {})) {
    made.setAttribute(attribute, value);
  }
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

export const paragraph = (text: string, className?: string): HTMLParagraphElement =>
  element("p", className === undefined ? {} : { class: className }, text);

/** A button that does one thing; it is off while that is under way. */
export function button(
  label: string,
  className: string,
  act: () => Promise<void> | void,
): HTMLButtonElement {
  const made = element("button", { class: className, attributes: { type: "button" } }, label);
  made.addEventListener("click", async () => {
    made.disabled = true;
    try {
      await act();
    } finally {
      made.disabled = false;
    }
  });
  return made;
}

/** A labelled line to type into. */
export function field(
  label: string,
  wanted: { name: string; mode: "text" | "decimal" | "numeric"; hint?: string; maxLength: number },
): { row: HTMLLabelElement; input: HTMLInputElement } {
  const input = element("input", {
    attributes: {
      type: "text",
      name: wanted.name,
      inputmode: wanted.mode,
      maxlength: String(wanted.maxLength),
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: "false",
    },
  });
  const hint = wanted.hint === undefined ? null : element("span", { class: "hint" }, wanted.hint);
  return { row: element("label", { class: "field" }, label, input, hint), input };
}

/** Names and what they say, as a list of facts. */
export function facts(lines: readonly { name: string; says: string }[]): HTMLDListElement {
  return element(
    "dl",
    { class: "facts" },
    ...lines.flatMap(({ name, says }) => [element("dt", {}, name), element("dd", {}, says)]),
  );
}
