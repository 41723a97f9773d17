/**
 * A button beside every command and address that is there to be copied. It is made here: without
 * the script, or without a clipboard, the text stands alone and a click selects all of it.
 */
export function addCopyButtons(): void {
  if (navigator.clipboard === undefined) return;
  for (const text of document.querySelectorAll<HTMLElement>("code.copy, code.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy-button";
    const words = (text.textContent ?? "").trim();
    const rest = (): void => {
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${words}`);
    };
    rest();
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(words);
        button.textContent = "Copied";
        button.removeAttribute("aria-label");
      } catch {
        button.textContent = "Select the text and copy it";
      }
      setTimeout(rest, 2_000);
    });
    text.after(button);
  }
}
