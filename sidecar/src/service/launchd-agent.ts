import { join } from "node:path";
import { FINAL_EXIT } from "./final-exit.ts";
import {
  type ServiceFacts,
  type ServicePlan,
  serviceCommand,
  serviceName,
  xmlText,
} from "./service-facts.ts";

/**
 * A launch agent of macOS. launchd cannot tell ends apart by their number and starts anew whatever did
 * not end well, at most once a minute; so the program is told to end well where that changes nothing.
 */
export function launchdPlan(facts: ServiceFacts): ServicePlan {
  const { home, userId } = facts;
  const label = `io.github.ibkr-edge-gateway.${serviceName(facts)}`;
  const file = join(home, "Library", "LaunchAgents", `${label}.plist`);
  const log = join(home, "Library", "Logs", `${serviceName(facts)}.log`);
  const domain = `gui/${userId}`;
  const words = serviceCommand(facts).map((word) => `    <string>${xmlText(word)}</string>`);
  return {
    name: label,
    file,
    encoding: "utf8",
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${words.join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>${FINAL_EXIT}</key>
    <string>0</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>60</integer>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardOutPath</key>
  <string>${xmlText(log)}</string>
  <key>StandardErrorPath</key>
  <string>${xmlText(log)}</string>
</dict>
</plist>
`,
    install: [["launchctl", "bootstrap", domain, file]],
    uninstall: [["launchctl", "bootout", `${domain}/${label}`]],
    state: ["launchctl", "print", `${domain}/${label}`],
    notes: [`Its log: ${log}`, "It starts with your login."],
  };
}
