import type { PlannedSessionDocument } from "../plan/aws/model";

/**
 * Content of a Session document of ours: one port of the host's loopback address and no other,
 * whatever the caller asks for. `ssh` speaks over the session itself, as a ProxyCommand needs;
 * `jupyter` listens on a local port of the caller's choice.
 */
export function sessionDocument({ service, port, slot }: PlannedSessionDocument): string {
  if (service === "ssh") {
    return JSON.stringify({
      schemaVersion: "1.0",
      description: `gpudev: SSH of slot ${slot}`,
      sessionType: "Port",
      properties: { portNumber: String(port) },
    });
  }
  return JSON.stringify({
    schemaVersion: "1.0",
    description: `gpudev: Jupyter of slot ${slot}`,
    sessionType: "Port",
    parameters: {
      localPortNumber: {
        type: "String",
        description: "Port on the caller's machine; 0 takes a free one",
        allowedPattern: "^(0|[1-9][0-9]{0,4})$",
        default: "0",
      },
    },
    properties: {
      portNumber: String(port),
      type: "LocalPortForwarding",
      localPortNumber: "{{ localPortNumber }}",
    },
  });
}
