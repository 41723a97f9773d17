/** A command to run as it stands; the pages' script puts a copy button beside it. */
export function Command({ children }: { children: string }) {
  return <code class="command">{children}</code>;
}

/** A sentence made elsewhere, with each command that it quotes in backticks as one to copy. */
export function WithCommands({ text }: { text: string }) {
  const parts = text.split(/`(npm run [^`]+)`/);
  return <>{parts.map((part, at) => (at % 2 === 1 ? <Command>{part}</Command> : part))}</>;
}
