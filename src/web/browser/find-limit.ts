/** Shows of a long list of limits those whose words, or whose kind's, hold what somebody looks for. */
export function wireLimitSearch(part: ParentNode): void {
  const all = part.querySelector<HTMLDetailsElement>("details[data-all-limits]");
  const search = all?.querySelector<HTMLElement>("[data-search]");
  const input = search?.querySelector("input");
  const found = search?.querySelector<HTMLElement>("[data-found]");
  if (!all || !search || !input || !found) return;
  search.hidden = false;
  const sections = [...all.querySelectorAll<HTMLDetailsElement>("details[data-section]")];
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/);
    const matches = (text: string) => wanted.every((word) => text.toLowerCase().includes(word));
    let count = 0;
    for (const section of sections) {
      const kind = section.querySelector("summary")?.textContent ?? "";
      let here = 0;
      for (const limit of section.querySelectorAll<HTMLElement>("[data-limit]")) {
        limit.hidden = !matches(`${kind} ${limit.textContent}`);
        if (!limit.hidden) here += 1;
      }
      section.hidden = here === 0;
      section.open = input.value.trim() !== "" && here > 0;
      count += here;
    }
    found.textContent = input.value.trim() === "" ? "" : `${count} found`;
  });
  // Enter in this field would send the form.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
