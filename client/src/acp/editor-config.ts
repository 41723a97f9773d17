/** Settings for editors that start agents, with absolute paths: few of them know a shell's PATH. */
export function editorConfig(
  editor: "zed" | "jetbrains" | "codecompanion" | "avante",
  line: readonly string[],
): string {
  const [command = "", ...args] = line;
  switch (editor) {
    case "zed":
      return json({
        agent_servers: { "Agent + IBKR": { type: "custom", command, args, env: {} } },
      });
    case "jetbrains":
      return json({ agent_servers: { "Agent + IBKR": { command, args, env: {} } } });
    case "codecompanion":
      return [
        "adapters = { acp = { agent_ibkr = function()",
        '  return require("codecompanion.adapters").extend("claude_code", {',
        `    commands = { default = ${luaList(line)} },`,
        "  })",
        "end } }",
      ].join("\n");
    case "avante":
      return [
        'provider = "agent_ibkr",',
        "acp_providers = { agent_ibkr = {",
        `  command = ${luaText(command)},`,
        `  args = ${luaList(args)},`,
        "} }",
      ].join("\n");
  }
}

const json = (value: object): string => JSON.stringify(value, null, 2);
const luaList = (texts: readonly string[]): string => `{ ${texts.map(luaText).join(", ")} }`;

/** JSON's escapes are Lua's, but for `\u0000` forms, which no path has. */
const luaText = (text: string): string => JSON.stringify(text);
