const HASH = "^[0-9a-f]{64}$";

/** First boot installs the host's software; until then there is nothing to call. Half an hour at most. */
const AWAIT_SOFTWARE =
  "for i in $(seq 360); do [ -x /usr/local/sbin/gpudev-host ] && break; sleep 5; done";

/**
 * Content of the SSM document by which a host applies its own document. It carries no roster:
 * `bundle` is the hash of the host software to run, `version` that of the document to wait for;
 * both lie in the stack's bucket. So units and watchers change by the association, never by a
 * new instance.
 */
export function applyDocument(): string {
  return JSON.stringify({
    schemaVersion: "2.2",
    description: "gpudev: bring a GPU host to what its document says",
    parameters: {
      bundle: { type: "String", description: "SHA-256 of the host software", allowedPattern: HASH },
      version: {
        type: "String",
        description: "Version of the host's document",
        allowedPattern: HASH,
      },
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "apply",
        precondition: { StringEquals: ["platformType", "Linux"] },
        inputs: {
          timeoutSeconds: "3600",
          runCommand: [
            AWAIT_SOFTWARE,
            // Its exit status is the association's; 194 asks the agent for a reboot and another run.
            "exec /usr/local/sbin/gpudev-host sync --bundle '{{ bundle }}' --version '{{ version }}'",
          ],
        },
      },
    ],
  });
}
