import { KeyParseError, parseKey } from "sshpk";

/** Least size of an RSA key in bits (NIST SP 800-57: 112 bits of security end in 2030). */
const LEAST_RSA_BITS = 3072;

/** Why a key is refused. Never holds the key itself. */
export interface KeyProblem {
  readonly code: "private-key" | "weak-key" | "broken-key" | "key-options" | "key-certificate";
  readonly message: string;
  readonly mend: string;
}

const NEW_PAIR = "Make a pair with `ssh-keygen -t ed25519` and give the line of its .pub file.";
const NO_KEY = "This SSH key cannot be read: its data do not make a key of the type it names.";
const ED25519_BYTES = 32;
const KEY_TYPE =
  /(?:^|[\s,"])((?:sk-)?(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\d+)(?:-cert-v01)?(?:@openssh\.com)?)(?=\s|$)/;

const broken = (
  message: string,
  mend = "Copy the whole line of the .pub file again.",
): KeyProblem => ({
  code: "broken-key",
  message,
  mend,
});

/** The length-prefixed strings that an SSH public key is made of (RFC 4253, section 6.6). */
function wireStrings(blob: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** Hardware-bound keys (OpenSSH's PROTOCOL.u2f), which sshpk does not read. */
function isHardwareKey(type: string, parts: readonly Buffer[]): boolean {
  if (type === "sk-ssh-ed25519@openssh.com")
    return parts.length === 3 && parts[1]?.length === ED25519_BYTES;
  return (
    type === "sk-ecdsa-sha2-nistp256@openssh.com" &&
    parts.length === 4 &&
    parts[1]?.toString("latin1") === "nistp256" &&
    parts[2]?.length === 65
  );
}

function strength(line: string): KeyProblem | undefined {
  try {
    const key = parseKey(line, "ssh");
    if (key.type === "dsa")
      return {
        code: "weak-key",
        message: "This is a DSA key, which OpenSSH no longer takes.",
        mend: NEW_PAIR,
      };
    if (key.type === "rsa" && key.size < LEAST_RSA_BITS)
      return {
        code: "weak-key",
        message: `This is an RSA key of ${key.size} bits; ${LEAST_RSA_BITS} is the least.`,
        mend: NEW_PAIR,
      };
    return undefined;
  } catch (problem) {
    if (problem instanceof KeyParseError) return broken(NO_KEY);
    throw problem;
  }
}

/** Whether a text is, or holds, a private key. */
export function isPrivateKey(text: string): boolean {
  return /PRIVATE KEY|PuTTY-User-Key-File/i.test(text);
}

/** What is said of a private key, wherever it was found. */
export const PRIVATE_KEY: KeyProblem = {
  code: "private-key",
  message: "This is a private key; it is not shown here.",
  mend: `Take it out of the file and of its history, and stop using it: whoever read the file has it. ${NEW_PAIR}`,
};

/** Looks whether a line is one public SSH key that is strong enough, by really reading it. */
export function keyProblem(line: string): KeyProblem | undefined {
  if (isPrivateKey(line)) return PRIVATE_KEY;
  if (/BEGIN (SSH2 )?PUBLIC KEY/.test(line))
    return broken(
      "This public key is not in OpenSSH's form.",
      "Convert it with `ssh-keygen -i -f FILE`.",
    );
  const text = line.trim();
  if (text === "")
    return broken("This SSH key is empty.", "Give the line of a .pub file, or take the item out.");
  if (/[\r\n]/.test(text))
    return broken(
      "This SSH key runs over several lines.",
      "Give every key as a list item of its own, on one line.",
    );
  const type = KEY_TYPE.exec(text)?.[1];
  if (!type)
    return broken(
      "This is no public SSH key.",
      "Give the line of a .pub file; it begins with its type, such as ssh-ed25519.",
    );
  if (!text.startsWith(type))
    return {
      code: "key-options",
      message: "Options stand in front of this SSH key.",
      mend: `Leave them out; the line must begin with ${type}.`,
    };
  if (type.includes("-cert-"))
    return {
      code: "key-certificate",
      message: "This is an SSH certificate, not a key.",
      mend: "Give the key's own .pub file.",
    };
  const data = text.split(/\s+/)[1] ?? "";
  const blob = Buffer.from(data, "base64");
  if (data === "" || blob.toString("base64").replace(/=+$/, "") !== data.replace(/=+$/, ""))
    return broken(
      "This SSH key is cut off or has letters that do not belong: its base64 is broken.",
    );
  const parts = wireStrings(blob);
  if (!parts) return broken("This SSH key is cut off: its data end too early.");
  if (parts[0]?.toString("latin1") !== type)
    return broken(`This SSH key says ${type}, and its data say another type.`);
  if (type.startsWith("sk-")) return isHardwareKey(type, parts) ? undefined : broken(NO_KEY);
  // sshpk reads an Ed25519 key of any length.
  if (type === "ssh-ed25519" && parts[1]?.length !== ED25519_BYTES) return broken(NO_KEY);
  return strength(text);
}
