import { win32 } from "node:path";
import { UsageError } from "../config/usage-error.ts";
import { FINAL_EXIT } from "./final-exit.ts";
import {
  type ServiceFacts,
  type ServicePlan,
  serviceCommand,
  serviceName,
  xmlText,
} from "./service-facts.ts";

/** A task of Windows' scheduler, from the user's login on; without a window, its log in a file. */
export function windowsPlan(facts: ServiceFacts): ServicePlan {
  const { env, home, userName } = facts;
  const name = serviceName(facts);
  const base = win32.join(env.LOCALAPPDATA ?? win32.join(home, "AppData", "Local"), "ibkr-sidecar");
  const log = win32.join(base, `${name}.log`);
  const user = env.USERDOMAIN === undefined ? userName : `${env.USERDOMAIN}\\${userName}`;
  const command = serviceCommand(facts);
  const variable = [...command, log].find((word) => word.includes("%"));
  if (variable !== undefined) {
    throw new UsageError(
      `${variable} holds a "%", which cmd.exe reads as the name of a variable; use a folder without one`,
    );
  }
  // cmd.exe takes the outermost quotes away and leaves the rest as it is.
  const line = `/d /c "set ${FINAL_EXIT}=0&& ${command.map(quoted).join(" ")} 2>>${quoted(log)}"`;
  return {
    name,
    file: win32.join(base, `${name}.xml`),
    encoding: "utf16le",
    text: `\ufeff<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>ibkr-sidecar: connects this PC's broker session with its gateway</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <UserId>${xmlText(user)}</UserId>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <UserId>${xmlText(user)}</UserId>
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <Hidden>true</Hidden>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>cmd.exe</Command>
      <Arguments>${xmlText(line)}</Arguments>
    </Exec>
  </Actions>
</Task>
`,
    install: [
      ["schtasks", "/Create", "/TN", name, "/XML", win32.join(base, `${name}.xml`), "/F"],
      ["schtasks", "/Run", "/TN", name],
    ],
    uninstall: [
      ["schtasks", "/End", "/TN", name],
      ["schtasks", "/Delete", "/TN", name, "/F"],
    ],
    state: ["schtasks", "/Query", "/TN", name, "/FO", "LIST"],
    notes: [`Its log: ${log}`, "It starts with your login."],
  };
}

/** No path and no address of ours holds a quote: Windows allows none in file names. */
function quoted(word: string): string {
  return /^[\w:\\./=-]+$/.test(word) ? word : `"${word.replaceAll('"', "")}"`;
}
