import { generateKeyPairSync } from "node:crypto";
import { generatePrivateKey, parsePrivateKey } from "sshpk";

/** SSH key pairs for tests, made anew in every run. */

function publicLine(pem: string, comment: string): string {
  return `${parsePrivateKey(pem, "pem").toPublic().toString("ssh").split(" ").slice(0, 2).join(" ")} ${comment}`;
}

export function ed25519(comment = "test@example"): string {
  const line = generatePrivateKey("ed25519").toPublic().toString("ssh");
  return `${line.split(" ").slice(0, 2).join(" ")} ${comment}`;
}

export function ecdsa(namedCurve: "P-256" | "P-384" | "P-521"): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve });
  return publicLine(privateKey.export({ type: "sec1", format: "pem" }).toString(), "ec@example");
}

export function rsa(modulusLength: number): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength });
  return publicLine(privateKey.export({ type: "pkcs1", format: "pem" }).toString(), "rsa@example");
}

export function dsa(): string {
  const { privateKey } = generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 });
  return publicLine(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "dsa@example");
}

/** A private key in OpenSSH's own form. */
export function privateKey(): string {
  return generatePrivateKey("ed25519").toString("ssh-private");
}

function wire(...parts: readonly (string | Buffer)[]): string {
  const blobs = parts.flatMap((part) => {
    const data = Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return [length, data];
  });
  return Buffer.concat(blobs).toString("base64");
}

/** A hardware-bound key of a type, with the given fields behind its type. */
export function hardwareKey(type: string, ...fields: readonly (string | Buffer)[]): string {
  return `${type} ${wire(type, ...fields)} token`;
}
