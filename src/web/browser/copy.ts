const said = document.createElement("span");
said.className = "visually-hidden";
said.setAttribute("role", "status");

/**
 * A button beside every command and address of a part of the page that is there to be copied. It is
 * made here: without the script, or without a clipboard, the text stands alone and a click selects
 * all of it.
 */
export function addCopyButtons(part: ParentNode): void {
  if (navigator.clipboard === undefined) return;
  document.body.append(said);
  for (const text of part.querySelectorAll<HTMLElement>("code.copy, code.command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy-button";
    const words = (text.textContent ?? "").trim();
    const rest = (): void => {
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${words}`);
    };
    const tell = (label: string, aloud: string): void => {
      button.textContent = label;
      button.setAttribute("aria-label", label);
      said.textContent = aloud;
    };
    rest();
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(words);
        tell("Copied", `Copied: ${words}`);
      } catch {
        tell("Select the text and copy it", "It was not copied. Select the text and copy it.");
      }
      setTimeout(() => {
        rest();
        said.textContent = "";
      }, 2_000);
    });
    text.after(button);
  }
}
