import { describe, expect, it } from "vitest";
import { keyProblem } from "../../components/settings/sshKeys";
import { dsa, ecdsa, ed25519, hardwareKey, privateKey, rsa } from "./keys";

const good = ed25519("ada@laptop");
const [type = "", data = ""] = good.split(" ");
const point = Buffer.alloc(65, 4);

describe("keyProblem", () => {
  it.each([
    ["Ed25519", good],
    ["Ed25519 without a comment", `${type} ${data}`],
    ["Ed25519 with spaces around and in its comment", `  ${type} ${data}  ada at home \n`],
    ["ECDSA P-256", ecdsa("P-256")],
    ["ECDSA P-384", ecdsa("P-384")],
    ["ECDSA P-521", ecdsa("P-521")],
    ["RSA of 3072 bits", rsa(3072)],
    [
      "hardware-bound Ed25519",
      hardwareKey("sk-ssh-ed25519@openssh.com", Buffer.alloc(32, 7), "ssh:"),
    ],
    [
      "hardware-bound ECDSA",
      hardwareKey("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point, "ssh:"),
    ],
  ])("takes %s", (_, line) => {
    expect(keyProblem(line)).toBeUndefined();
  });

  it.each([
    ["DSA", dsa(), "weak-key", "This is a DSA key, which OpenSSH no longer takes."],
    [
      "RSA of 2048 bits",
      rsa(2048),
      "weak-key",
      "This is an RSA key of 2048 bits; 3072 is the least.",
    ],
    ["nothing", " ", "broken-key", "This SSH key is empty."],
    ["another text", "hello world", "broken-key", "This is no public SSH key."],
    ["data without a type", data, "broken-key", "This is no public SSH key."],
    [
      "a type without data",
      "ssh-ed25519",
      "broken-key",
      "This SSH key is cut off or has letters that do not belong: its base64 is broken.",
    ],
    [
      "broken base64",
      `${type} ${data.slice(0, 20)}!!${data.slice(22)}`,
      "broken-key",
      "This SSH key is cut off or has letters that do not belong: its base64 is broken.",
    ],
    [
      "a cut-off key",
      `${type} ${data.slice(0, 40)}`,
      "broken-key",
      "This SSH key is cut off: its data end too early.",
    ],
    [
      "a type that its data contradict",
      `ssh-rsa ${data}`,
      "broken-key",
      "This SSH key says ssh-rsa, and its data say another type.",
    ],
    [
      "a hardware-bound key with a short point",
      hardwareKey("sk-ssh-ed25519@openssh.com", Buffer.alloc(31), "ssh:"),
      "broken-key",
      "This SSH key cannot be read: its data do not make a key of the type it names.",
    ],
    [
      "an Ed25519 key with a short point",
      hardwareKey("ssh-ed25519", Buffer.alloc(31)),
      "broken-key",
      "This SSH key cannot be read: its data do not make a key of the type it names.",
    ],
    ["two keys in one", `${good}\n${good}`, "broken-key", "This SSH key runs over several lines."],
    [
      "PEM",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
      "broken-key",
      "This public key is not in OpenSSH's form.",
    ],
    [
      "options",
      `from="10.0.0.1" ${good}`,
      "key-options",
      "Options stand in front of this SSH key.",
    ],
    [
      "a certificate",
      `ssh-ed25519-cert-v01@openssh.com ${data}`,
      "key-certificate",
      "This is an SSH certificate, not a key.",
    ],
  ])("refuses %s", (_, line, code, message) => {
    expect(keyProblem(line)).toMatchObject({ code, message });
  });

  it("knows a private key and shows nothing of it", () => {
    const secret = privateKey();
    const problem = keyProblem(secret);
    expect(problem?.code).toBe("private-key");
    const lines = secret.split("\n").filter((line) => line !== "" && !line.startsWith("-----"));
    for (const line of lines) expect(JSON.stringify(problem)).not.toContain(line);
  });
});
