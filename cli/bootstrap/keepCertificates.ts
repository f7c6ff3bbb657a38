import * as fs from "node:fs";

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** The certificates in a PEM text, as blocks. */
export function pemBlocks(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

/** The certificates of an earlier bundle that a later one has lost. */
export function lostCertificates(before: string, after: string): readonly string[] {
  const kept = new Set(pemBlocks(after));
  return pemBlocks(before).filter((block) => !kept.has(block));
}

function read(): string {
  return fs.existsSync(BUNDLE) ? fs.readFileSync(BUNDLE, "utf8") : "";
}

/**
 * Does work that may install the package ca-certificates, which writes the system's bundle anew: what
 * somebody had put into it by hand, such as the CA of a proxy, is put back.
 * @returns how many certificates were put back
 */
export async function keepCertificates(work: () => Promise<void>): Promise<number> {
  const before = read();
  await work();
  const lost = lostCertificates(before, read());
  if (lost.length > 0) fs.appendFileSync(BUNDLE, `${lost.join("\n")}\n`);
  return lost.length;
}
