import { startAuthentication, startRegistration } from "@simplewebauthn/browser";

/**
 * A form with `data-passkey` holds the ceremony's options as JSON; when it is submitted, the
 * passkey's answer is put into its `response` field and the form goes its way. Without this script
 * such a form says that it cannot work.
 */
type Ceremony =
  | { kind: "get"; options: Parameters<typeof startAuthentication>[0]["optionsJSON"] }
  | { kind: "create"; options: Parameters<typeof startRegistration>[0]["optionsJSON"] };

/** Makes the passkey forms of a part of the page work. */
export function wirePasskeys(part: ParentNode): void {
  for (const form of part.querySelectorAll<HTMLFormElement>("form[data-passkey]")) {
    const ceremony: Ceremony = JSON.parse(form.dataset.passkey ?? "");
    const button = form.querySelector<HTMLButtonElement>("button[type=submit]");
    const problem = form.querySelector<HTMLElement>("[data-problem]");
    const response = form.querySelector<HTMLInputElement>("input[name=response]");
    if (button === null || problem === null || response === null) continue;

    if (!("PublicKeyCredential" in window)) {
      say(problem, "This browser does not know passkeys.");
      continue;
    }
    // A pause to read in; the gateway holds to it by its own clock.
    const wait = Date.parse(form.dataset.notBefore ?? "") - Date.now();
    if (wait > 0) setTimeout(() => (button.disabled = false), wait);
    else button.disabled = false;
    form.addEventListener("submit", async (event) => {
      if (response.value !== "") return;
      event.preventDefault();
      problem.hidden = true;
      button.disabled = true;
      try {
        const answer =
          ceremony.kind === "get"
            ? await startAuthentication({ optionsJSON: ceremony.options })
            : await startRegistration({ optionsJSON: ceremony.options });
        response.value = JSON.stringify(answer);
        form.requestSubmit();
      } catch (error) {
        say(problem, wordsFor(error));
      } finally {
        button.disabled = false;
      }
    });
  }
}

function say(problem: HTMLElement, words: string): void {
  problem.textContent = words;
  problem.hidden = false;
}

function wordsFor(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (name === "InvalidStateError") return "This device holds a passkey for this gateway already.";
  if (name === "SecurityError") return "Passkeys work only under this gateway's own address.";
  if (name === "NotAllowedError" || name === "AbortError") {
    return "No passkey was used. Try again when you are ready.";
  }
  return "The passkey could not be used.";
}
