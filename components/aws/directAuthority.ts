import { X509Certificate } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** The private CA of a host, which vouches for its Jupyter servers where there is no domain. */
export interface DirectAuthority {
  /** Root certificate, PEM: for browsers and `curl --cacert`. */
  readonly rootCertificate: string;
  /** SHA-256 of the root certificate as browsers show it: pairs of hexadecimal digits with colons. */
  readonly fingerprint: string;
}

/**
 * Reads a root certificate; undefined where the text is none.
 * @param pem what a host has published
 */
export function authorityOf(pem: string): DirectAuthority | undefined {
  try {
    const { fingerprint256: fingerprint } = new X509Certificate(pem);
    return { rootCertificate: pem, fingerprint };
  } catch {
    return undefined;
  }
}

/**
 * The CA of a host. Its key is made on the host and never leaves it; the host publishes the root
 * certificate as a parameter, which is read back here once the host is ready. Undefined as long as
 * the host has published none: where `up` does not wait, it comes with the next one.
 * @param folder path of the parameter's folder: `/gpudev/<id>/host-0/ca`
 * @param ready what says that the host is ready
 */
export function directAuthority(
  folder: string,
  ready: pulumi.Resource,
  parent: pulumi.Resource,
): pulumi.Output<DirectAuthority | undefined> {
  // By path, since that finds nothing where a single parameter that is missing would fail the run.
  const found = aws.ssm.getParametersByPathOutput(
    { path: folder, withDecryption: false },
    { parent, dependsOn: [ready] },
  );
  // The provider marks every parameter's value as a secret. A root certificate is for everybody.
  return pulumi
    .unsecret(found.values)
    .apply((values) => values.map(authorityOf).find((one) => one !== undefined));
}
