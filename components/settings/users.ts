import type { Finding } from "./finding";
import { error, nearest, pathText } from "./problems";
import { read } from "./read";
import type { RawUser } from "./roster";
import { type Settings, type User, userSchema } from "./schema";
import { keyProblem } from "./sshKeys";

/** Names that would clash with what gpudev or JavaScript means by them. */
const RESERVED: Readonly<Record<string, string>> = {
  root: "nobody is root in an environment",
  id: "the stack's own id stands under this name in `gpudev:seats`",
  constructor: "it is reserved",
  __proto__: "it is reserved",
};

/** A user that could be read, with the place that findings name. */
export interface PlacedUser {
  readonly path: string;
  readonly user: User;
}

function checkName(path: string, name: string): Finding[] {
  const why = Object.hasOwn(RESERVED, name) ? RESERVED[name] : undefined;
  if (!why) return [];
  return [
    error(
      `${path}.name`,
      "reserved-name",
      `A user cannot be called \`${name}\`: ${why}.`,
      "Give another name.",
    ),
  ];
}

function checkKeys(path: string, user: User): { user: User; findings: Finding[] } {
  const findings: Finding[] = [];
  const good: string[] = [];
  user.sshKeys.forEach((line, index) => {
    const problem = keyProblem(line);
    const place = pathText(path, ["sshKeys", index]);
    if (problem)
      findings.push(error(place, problem.code, `${user.name}: ${problem.message}`, problem.mend));
    else if (!good.includes(line.trim())) good.push(line.trim());
  });
  return { user: { ...user, sshKeys: good }, findings };
}

function readUser({ path, value }: RawUser): { user?: User; findings: Finding[] } {
  const parsed = read(userSchema, path, "user", value);
  const { findings } = parsed;
  if (!parsed.value) return { findings };
  const name = checkName(path, parsed.value.name);
  const keys = checkKeys(path, parsed.value);
  findings.push(...name, ...keys.findings);
  return name.length > 0 ? { findings } : { user: keys.user, findings };
}

/**
 * Reads users one by one. A user without a usable name is left out, and so is the
 * second of two with one name; of the others only what is wrong is left out.
 */
export function readUsers(raw: readonly RawUser[]): { users: PlacedUser[]; findings: Finding[] } {
  const users = new Map<string, PlacedUser>();
  const findings: Finding[] = [];
  for (const one of raw) {
    const { user, findings: own } = readUser(one);
    findings.push(...own);
    if (!user) continue;
    const { name } = user;
    const same = users.get(name);
    if (same)
      findings.push(
        error(
          `${one.path}.name`,
          "duplicate-user",
          `There are two users with the name \`${name}\`; the other is ${same.path}.`,
          "Give one of them another name, or take one out.",
        ),
      );
    else users.set(name, { path: one.path, user });
  }
  return { users: [...users.values()], findings };
}

/** What can only be said of users beside the other settings. */
export function checkUsers(
  users: readonly PlacedUser[],
  settings: Pick<Settings, "profiles" | "services">,
): Finding[] {
  const profiles = Object.keys(settings.profiles);
  const holders = new Map<string, string>();
  return users.flatMap(({ path, user }) => {
    const findings: Finding[] = [];
    if (user.profile !== undefined && !profiles.includes(user.profile)) {
      const near = nearest(user.profile, profiles);
      const known =
        profiles.length > 0
          ? `Use one of: ${profiles.join(", ")}.`
          : "Add it to `gpudev:profiles`.";
      findings.push(
        error(
          `${path}.profile`,
          "unknown-profile",
          `There is no profile \`${user.profile}\`.`,
          near ? `Did you mean \`${near}\`?` : known,
        ),
      );
    }
    for (const line of user.sshKeys) {
      const data = line.split(/\s+/)[1] ?? "";
      const holder = holders.get(data);
      if (holder)
        findings.push({
          severity: "warning",
          code: "shared-key",
          path: `${path}.sshKeys`,
          message: `${user.name} and ${holder} have the same SSH key: each can enter the other's environment.`,
          mend: "Give each user a key of their own.",
        });
      else holders.set(data, user.name);
    }
    return findings;
  });
}

/** Users who were given no key at all, though the SSH service runs. */
export function checkKeyless(
  users: readonly PlacedUser[],
  raw: readonly RawUser[],
  services: Settings["services"],
): Finding[] {
  if (!services.ssh) return [];
  // A user whose keys were all refused has been told so already.
  const values = new Map(raw.map(({ path, value }) => [path, value]));
  const refused = (path: string) => {
    const value = values.get(path);
    const keys = (value as { sshKeys?: unknown } | undefined)?.sshKeys;
    return keys !== undefined && !(Array.isArray(keys) && keys.length === 0);
  };
  return users
    .filter(({ path, user }) => user.sshKeys.length === 0 && !refused(path))
    .map(({ path, user }) => ({
      severity: services.jupyter ? "warning" : "error",
      code: "no-ssh-key",
      path: `${path}.sshKeys`,
      message: services.jupyter
        ? `${user.name} has no SSH key: Jupyter works, logging in by SSH does not.`
        : `${user.name} has no SSH key, and SSH is the only service: nobody could enter.`,
      mend: "Add a public key, such as the line in ~/.ssh/id_ed25519.pub.",
    }));
}
