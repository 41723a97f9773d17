import { join } from "node:path";
import {
  type ServiceFacts,
  type ServicePlan,
  serviceCommand,
  serviceName,
} from "./service-facts.ts";

/**
 * A unit of the user's own systemd. Ends that another start would not change (1: the gateway stopped
 * it, 2: wrong use) are not started again.
 */
export function systemdPlan(facts: ServiceFacts): ServicePlan {
  const { env, home, userName } = facts;
  const name = serviceName(facts);
  const unit = `${name}.service`;
  const base = env.XDG_CONFIG_HOME?.startsWith("/") ? env.XDG_CONFIG_HOME : join(home, ".config");
  return {
    name: unit,
    file: join(base, "systemd", "user", unit),
    encoding: "utf8",
    text: `[Unit]
Description=ibkr-sidecar: connects this PC's broker session with its gateway

[Service]
Type=exec
ExecStart=${serviceCommand(facts).map(quoted).join(" ")}
Restart=on-failure
RestartPreventExitStatus=1 2
RestartSec=10
RestartSteps=6
RestartMaxDelaySec=300
TimeoutStopSec=20
UMask=0077
NoNewPrivileges=true

[Install]
WantedBy=default.target
`,
    install: [
      ["systemctl", "--user", "daemon-reload"],
      ["systemctl", "--user", "enable", "--now", unit],
    ],
    uninstall: [["systemctl", "--user", "disable", "--now", unit]],
    state: ["systemctl", "--user", "status", "--no-pager", "--lines=3", unit],
    notes: [
      `Its log: journalctl --user --unit ${unit}`,
      `It starts with your login. To start it with the PC: loginctl enable-linger ${userName}`,
    ],
  };
}

/** One word as systemd reads it: quoted, without specifiers and variables. */
function quoted(word: string): string {
  const plain = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `"${plain}"`;
}
