/** The hidden or visible fields of a page's forms, as a browser would submit them. */
export function formFields(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, "name");
    const type = attribute(tag, "type");
    if (name === undefined || type === "checkbox") continue;
    fields[name] = attribute(tag, "value") ?? "";
  }
  return fields;
}

/** Checkboxes of a page: every value, and whether it is ticked when the page opens. */
export function checkboxes(html: string, name: string): { value: string; checked: boolean }[] {
  return [...html.matchAll(/<input\b[^>]*>/g)]
    .map(([tag]) => tag)
    .filter((tag) => attribute(tag, "type") === "checkbox" && attribute(tag, "name") === name)
    .map((tag) => ({
      value: attribute(tag, "value") ?? "",
      checked: /\schecked(?=[\s=/>])/.test(tag),
    }));
}

function attribute(tag: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return match?.[1] === undefined ? undefined : unescapeHtml(match[1]);
}

export function unescapeHtml(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
