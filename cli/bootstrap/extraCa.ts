import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as tls from "node:tls";
import { runCommand } from "../../components/lookups/command";
import { pemBlocks } from "./keepCertificates";

/** Variables by which clients are told of another CA bundle, the most particular ones first. */
const CA_VARIABLES = [
  "NODE_EXTRA_CA_CERTS",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "SSL_CERT_FILE",
] as const;
const SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** A CA file that may be wanted in the build. */
export interface CaCandidate {
  readonly file: string;
  /** PEM text; absent where the file cannot be read. */
  readonly pem?: string;
}

/** Whether the package registry's certificate is signed by one of the roots that Node brings. */
export type RegistryTrust = "public" | "private" | "unknown";

/** Files that the environment names, then the system's bundle; each once. */
export function caFiles(env: NodeJS.ProcessEnv): readonly string[] {
  const named = CA_VARIABLES.map((name) => env[name]).filter(
    (file): file is string => file !== undefined && file !== "",
  );
  return [...new Set([...named, SYSTEM_BUNDLE])];
}

/** True where the text holds a certificate that is none of `roots`. Blocks that do not parse count as none. */
export function holdsOthers(pem: string, roots: readonly string[]): boolean {
  const known = new Set(roots.map((root) => new X509Certificate(root).fingerprint256));
  return pemBlocks(pem).some((block) => !known.has(new X509Certificate(block).fingerprint256));
}

/**
 * The CA file that the build needs, if any: the first file that holds more than Node's own roots,
 * unless the registry is seen to be signed by those. Where that could not be seen, only a file that
 * the environment names on purpose counts: any distribution's bundle differs a little from Node's.
 */
export function chooseCa(
  candidates: readonly CaCandidate[],
  trust: RegistryTrust,
  roots: readonly string[],
): string | undefined {
  if (trust === "public") return undefined;
  return candidates.find(
    ({ file, pem }) =>
      pem !== undefined &&
      (trust === "private" || file !== SYSTEM_BUNDLE) &&
      holdsOthers(pem, roots),
  )?.file;
}

const HANDSHAKE_MS = 5_000;
const UNTRUSTED = new Set([
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_GET_ISSUER_CERT",
]);

/** Shakes hands with the registry that npm is configured for, trusting only Node's own roots. */
async function registryTrust(): Promise<RegistryTrust> {
  const config = await runCommand("npm", ["config", "get", "registry"], { timeout: 15_000 });
  const url = URL.parse(config.stdout.trim());
  if (config.exitCode !== 0 || url?.protocol !== "https:") return "unknown";
  const port = url.port === "" ? 443 : Number(url.port);
  return new Promise((resolve) => {
    const socket = tls.connect({
      host: url.hostname,
      port,
      servername: url.hostname,
      ca: [...tls.rootCertificates],
      timeout: HANDSHAKE_MS,
    });
    const end = (trust: RegistryTrust) => {
      socket.destroy();
      resolve(trust);
    };
    socket.once("secureConnect", () => end("public"));
    socket.once("timeout", () => end("unknown"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(UNTRUSTED.has(error.code ?? "") ? "private" : "unknown"),
    );
  });
}

/** The CA file of this machine that an image build needs besides the public roots; absent: none. */
export async function findExtraCa(
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const candidates = caFiles(env).map((file) =>
    fs.existsSync(file) ? { file, pem: fs.readFileSync(file, "utf8") } : { file },
  );
  return chooseCa(candidates, await registryTrust(), tls.rootCertificates);
}
