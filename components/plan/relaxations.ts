import type { DockerEndpoint } from "../lookups/model";
import type { Finding } from "../settings/finding";
import type { Settings } from "../settings/schema";
import { hint, listed, warning } from "./findings";

/** What settings loosen on purpose. It is done, and said at every run, so that nobody forgets it. */
export function checkRelaxations(settings: Settings, docker: DockerEndpoint): Finding[] {
  const { bind, workspace } = settings;
  const findings: Finding[] = [];
  if (bind.exposeToNetwork && !bind.address.startsWith("127.")) {
    findings.push(
      warning(
        "exposed",
        "gpudev:bind.exposeToNetwork",
        `Others on the network reach the ports of these environments, on ${bind.address}`,
        "Nothing to do if that is meant: SSH wants a key, Jupyter its token. Else take bind.address out and forward ports by SSH.",
      ),
    );
  }
  const writable = workspace.filter(({ readOnly }) => !readOnly);
  if (writable.length > 0) {
    findings.push(
      hint(
        "workspace-writable",
        "gpudev:workspace",
        `What is in ${listed(writable.map(({ source }) => source))} on the machine is the users' to change and delete`,
        "Nothing to do if that is meant; readOnly: true keeps a folder as it is.",
      ),
    );
  }
  if (settings.docker.provider === "official") {
    findings.push(
      warning(
        "pids-not-limited",
        "gpudev:docker.provider",
        "Pulumi's own docker provider has no input for a limit of processes, so limits.pids is not enforced",
        "Use provider: bundled where users are not trusted with the machine's processes.",
      ),
    );
  }
  if (docker.host?.startsWith("tcp://") === true) {
    findings.push(
      hint(
        "daemon-by-tcp",
        "gpudev:docker.host",
        `Whoever reaches ${docker.host} without TLS on both sides is root on that machine`,
        "Name it by ssh://, or set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH.",
      ),
    );
  }
  return findings;
}
