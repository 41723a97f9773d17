import type { Exchange } from "./exchange.ts";
import { objectOf, readMessage } from "./read-message.ts";

/**
 * Hosts whose model is given `structuredContent` and not the text beside it. For them the text is a
 * summary and nothing more. All others, the unknown ones too, get the same JSON as text as well:
 * several drop `structuredContent` altogether (opencode, Open WebUI, kimi-code, Claude Desktop as of
 * 2026-01-29), and a model that sees only a summary knows nothing.
 */
interface Host {
  /** The address of its client metadata, under which it signs in, without a query. */
  clientId: string;
  /** What it calls itself in a message of the 2026 era. */
  name: string;
  /** Where it was seen that its model reads the structure, and when. */
  seen: string;
}

export const STRUCTURE_READERS: readonly Host[] = [
  {
    clientId: "https://claude.ai/oauth/claude-code-client-metadata",
    name: "claude-code",
    seen: "github.com/anthropics/claude-code issue 79944, 2026-09-22, version 2.1.280",
  },
  {
    clientId: "https://chatgpt.com/oauth/codex/client.json",
    name: "codex-mcp-client",
    seen: "github.com/openai/codex issue 10334",
  },
  {
    clientId: "https://vscode.dev/oauth/client-metadata.json",
    name: "Visual Studio Code",
    seen: "github.com/microsoft/vscode issue 290063",
  },
];

const CLIENT_INFO = "io.modelcontextprotocol/clientInfo";

/** Whether the model behind this call is known to read `structuredContent`. */
export function readsStructure({ principal, message }: Exchange): boolean {
  const meta = objectOf(readMessage(message).params._meta);
  const { name } = objectOf(meta[CLIENT_INFO]);
  return STRUCTURE_READERS.some(
    (host) => host.clientId === principal.clientId || host.name === name,
  );
}
