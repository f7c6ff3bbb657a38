import { checkAws } from "./awsChecks";
import { checkSections } from "./checks";
import type { Finding } from "./finding";
import { error } from "./problems";
import { read } from "./read";
import { type RawUser, readRoster, rosterUsers } from "./roster";
import { type Settings, settingsSchema } from "./schema";
import { checkKeyless, checkUsers, readUsers } from "./users";
import { ENCRYPTED, parseBestEffort } from "./values";

const NAMESPACE = "gpudev:";
/** Settings that are plain text, so that `gpudev:team: "2024"` stays a text. */
const TEXTS = ["target", "team"];

const usersSchema = settingsSchema.pick({ users: true });
const sectionsSchema = settingsSchema.omit({ users: true });

/** A stack's configuration, and how to read the files that it names. */
export interface SettingsInput {
  /** The stack's name. */
  readonly stack: string;
  /** Pulumi's flat configuration: `gpudev:<key>` to a text, with lists and mappings as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Reads a file named relative to the stack file's folder; throws where it cannot. */
  readonly readFile: (name: string) => string;
}

/** Parsed settings, as far as they could be read, and everything that is wrong with them. */
export interface ParsedSettings {
  /**
   * Absent only where not even the target is known. Beside findings: what was
   * wrong stands at its default and users without a usable name are left out, so
   * that the plan can add its own findings. Nothing may be created from it then.
   */
  readonly settings?: Settings;
  readonly findings: readonly Finding[];
}

function decode(config: SettingsInput["config"]): Record<string, unknown> {
  const raw: Record<string, unknown> = {};
  for (const [fullKey, text] of Object.entries(config)) {
    if (!fullKey.startsWith(NAMESPACE)) continue;
    const key = fullKey.slice(NAMESPACE.length);
    // `gpudev:image:` with nothing behind it is as good as absent.
    if (text === "" && !TEXTS.includes(key)) continue;
    const plain = TEXTS.includes(key) || text === ENCRYPTED;
    if (plain || (key === "users" && !/^\s*[[{]/.test(text))) raw[key] = text;
    else
      try {
        raw[key] = JSON.parse(text) as unknown;
      } catch (problem) {
        if (!(problem instanceof SyntaxError)) throw problem;
        // A text where a list or mapping is due; zod says which.
        raw[key] = text;
      }
  }
  return raw;
}

function rawUsers(
  value: unknown,
  readFile: SettingsInput["readFile"],
): { raw: RawUser[]; findings: Finding[] } {
  if (Array.isArray(value)) {
    const raw = value.map((one: unknown, index) => ({
      path: `gpudev:users[${index}]`,
      value: one,
    }));
    return { raw, findings: [] };
  }
  if (typeof value === "string" && value.endsWith(".csv")) return usersFromFile(value, readFile);
  return { raw: [], findings: read(usersSchema, NAMESPACE, "settings", { users: value }).findings };
}

function usersFromFile(file: string, readFile: SettingsInput["readFile"]) {
  let text: string;
  try {
    text = readFile(file);
  } catch (problem) {
    if (!(problem instanceof Error)) throw problem;
    const missing = "code" in problem && problem.code === "ENOENT";
    return {
      raw: [],
      findings: [
        error(
          "gpudev:users",
          "roster-unreadable",
          missing
            ? `There is no roster file \`${file}\` beside the stack file.`
            : `The roster file \`${file}\` cannot be read: ${problem.message}.`,
          "Give its name relative to the stack file's folder, such as team.csv.",
        ),
      ],
    };
  }
  const roster = readRoster(text, file);
  return { raw: rosterUsers(roster, file), findings: [...roster.findings] };
}

/** Reads a stack's settings and collects every problem in them. Throws nothing for a person's mistake. */
export function parseSettings(input: SettingsInput): ParsedSettings {
  const { users: usersValue, ...rest } = decode(input.config);
  const sections = read(sectionsSchema, NAMESPACE, "settings", rest);
  const listed = rawUsers(usersValue, input.readFile);
  const { users, findings: userFindings } = readUsers(listed.raw);
  const findings = [...sections.findings, ...listed.findings, ...userFindings];

  // Without a target the other settings can still be looked at, but nothing can be planned.
  const body =
    sections.value ?? parseBestEffort(sectionsSchema, { ...rest, target: "workstation" }).value;
  const names = users.map(({ user }) => user.name);
  if (body) {
    findings.push(...checkUsers(users, body), ...checkKeyless(users, listed.raw, body.services));
    findings.push(...checkSections(body, names));
    const paths = new Map(users.map(({ path, user }) => [user.name, path]));
    const people = users.map(({ user }) => user);
    findings.push(...checkAws(body, people, (name) => paths.get(name) ?? "", "aws" in rest));
  }
  if (!sections.value) return { findings };
  const settings = {
    ...sections.value,
    stack: input.stack,
    team: sections.value.team ?? input.stack,
    users: users.map(({ user }) => user),
    userPaths: Object.fromEntries(users.map(({ path, user }) => [user.name, path])),
  };
  return { settings, findings };
}
