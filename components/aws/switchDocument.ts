/**
 * Content of the SSM document by which one user's environment on a host is started or stopped. The host does it and
 * says how it went; its idle watcher ends the machine after the last environment.
 */
export function switchDocument(): string {
  return JSON.stringify({
    schemaVersion: "2.2",
    description: "gpudev: start or stop one user's environment on a GPU host",
    parameters: {
      action: { type: "String", description: "What to do", allowedValues: ["start", "stop"] },
      user: {
        type: "String",
        description: "Whose environment",
        allowedPattern: "^[a-z_][a-z0-9_-]{0,30}$",
      },
    },
    mainSteps: [
      {
        action: "aws:runShellScript",
        name: "switch",
        precondition: { StringEquals: ["platformType", "Linux"] },
        inputs: {
          timeoutSeconds: "1800",
          runCommand: ["exec /usr/local/sbin/gpudev-host '{{ action }}' '{{ user }}'"],
        },
      },
    ],
  });
}
