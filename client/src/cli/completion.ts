import { Argument, type Command } from "commander";
import { typedAs } from "../config/typed-as.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** Each asks this program for the words that may follow; it answers without any network. */
const SCRIPTS: Record<(typeof SHELLS)[number], string> = {
  bash: `_ibkr() {
  local IFS=$'\\n'
  COMPREPLY=($(ibkr complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _ibkr ibkr`,
  zsh: `#compdef ibkr
_ibkr() {
  local -a found
  found=("\${(@f)$(ibkr complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _ibkr ibkr`,
  fish: `complete -c ibkr -f -a '(ibkr complete -- (commandline -opc)[2..] (commandline -ct))'`,
};

export function register(program: Command): void {
  program
    .command("completion")
    .description("Prints the script that completes this program's words in your shell.")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .addHelpText("after", `\nExample:\n  ${typedAs("completion bash")}`)
    .action((shell: (typeof SHELLS)[number]) => {
      process.stdout.write(`${SCRIPTS[shell]}\n`);
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]")
    .allowUnknownOption()
    .action((words: string[]) => {
      process.stdout.write(
        candidates(program, words)
          .map((word) => `${word}\n`)
          .join(""),
      );
    });
}

/** What may stand where the last of `words` stands: commands, flags, or the choices of a flag. */
export function candidates(program: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  let command = program;
  for (const word of before) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) command = next;
  }
  const options = [...command.options, ...(command === program ? [] : program.options)];
  const flag = options.find((option) => option.long === before.at(-1));
  const choices = flag === undefined || flag.isBoolean() ? [] : (flag.argChoices ?? []);
  if (choices.length > 0) return choices.filter((choice) => choice.startsWith(last));
  const help = command.createHelp();
  const names = [
    ...help.visibleCommands(command).map((one) => one.name()),
    ...(last.startsWith("-")
      ? options.flatMap(({ long, hidden }) => (long === undefined || hidden ? [] : [long]))
      : []),
  ];
  return [...new Set(names)].filter((name) => name.startsWith(last)).sort();
}
